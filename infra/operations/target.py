"""Which stack is meant: the local one, or with `CLOUD=aws` the one in the account that the environment names."""

import json
import os
from collections.abc import Mapping

import boto3

from infra.local.places import STACK_FILE, STACK_NAME
from infra.local.refusal import LocalRefused
from infra.local.sessions import environment
from infra.local.stack import find_stack


def outputs() -> Mapping[str, str]:
    """The stack's outputs; clients made from now on speak to its cloud. Raises LocalRefused."""
    if os.environ.get("CLOUD") == "aws":
        return _on_aws(os.environ.get("STACK") or STACK_NAME)
    try:
        endpoint = json.loads(STACK_FILE.read_text())["endpoint_url"]
    except (OSError, ValueError, KeyError) as missing:
        raise LocalRefused("There is no local stack.", "make run, or CLOUD=aws for the one on AWS") from missing
    os.environ.update(environment(endpoint))
    stack = find_stack(endpoint)
    if stack is None:
        raise LocalRefused(f"No stack answers at {endpoint}.", "make run")
    return stack.outputs


def _on_aws(name: str) -> Mapping[str, str]:
    stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
