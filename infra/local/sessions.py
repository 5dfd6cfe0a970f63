"""Clients of the local AWS, made with localstack-client, so that MiniStack and LocalStack are reached alike."""

import os
from typing import TYPE_CHECKING, Any

from localstack_client.session import Session

from infra.local.places import REGION

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient

# Both take this pair for the account's owner.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def environment(endpoint: str) -> dict[str, str]:
    """What a program (SAM, PynamoDB) needs in its environment to speak to the local AWS and to nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


def _client(endpoint: str, service: str) -> Any:
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = endpoint  # the one way to tell localstack-client the port
    try:
        return Session("test", "test", aws_session_token=None, region_name=REGION).client(service)
    finally:
        if before is None:
            del os.environ["AWS_ENDPOINT_URL"]
        else:
            os.environ["AWS_ENDPOINT_URL"] = before


def cloudformation(endpoint: str) -> "CloudFormationClient":
    """CloudFormation."""
    client: CloudFormationClient = _client(endpoint, "cloudformation")
    return client


def functions(endpoint: str) -> "LambdaClient":
    """Lambda."""
    client: LambdaClient = _client(endpoint, "lambda")
    return client


def logs(endpoint: str) -> "CloudWatchLogsClient":
    """CloudWatch Logs."""
    client: CloudWatchLogsClient = _client(endpoint, "logs")
    return client
