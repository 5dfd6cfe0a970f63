"""The deployed stack, as CloudFormation tells it, and `.local/stack.json`, as people and tests read it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from infra.local.clients import cloudformation
from infra.local.paths import STACK_NAME

STABLE_STATES = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that stands. `outputs` are those of template.yaml; `id` changes when it is made anew."""

    id: str
    endpoint: str
    outputs: Mapping[str, str]

    @property
    def api_url(self) -> str:
        """The REST API's base, without a slash at its end."""
        return f"{self.endpoint}/_aws/execute-api/{self.outputs['ApiId']}/live"

    @property
    def websocket_url(self) -> str:
        """Where sockets connect."""
        return f"{self.endpoint.replace('http', 'ws', 1)}/_aws/execute-api/{self.outputs['WebSocketApiId']}/live"


@dataclass(frozen=True, slots=True)
class Administrator:
    """The account that `make run` creates; the password is random."""

    email: str
    password: str


def find_stack(endpoint: str) -> Stack | None:
    """Return the stack on the local AWS, or None when it is not there or not whole."""
    try:
        stacks = cloudformation(endpoint).describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError:
        return None
    if not stacks or stacks[0]["StackStatus"] not in STABLE_STATES:
        return None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    return Stack(stacks[0]["StackId"], endpoint, outputs)


def write_stack(file: Path, stack: Stack, administrator: Administrator) -> None:
    """Keep what a person or a test needs to go on; only its owner may read it, since it holds a password."""
    content = {
        "api_url": stack.api_url,
        "websocket_url": stack.websocket_url,
        "endpoint_url": stack.endpoint,
        "bucket": stack.outputs["BucketName"],
        "admin": asdict(administrator),
        "stack_id": stack.id,
    }
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(content, out, indent=2)
        out.write("\n")


def read_administrator(file: Path, stack: Stack) -> Administrator | None:
    """Return the administrator that `file` keeps for this very stack."""
    try:
        payload = json.loads(file.read_text())
        return Administrator(**payload["admin"]) if payload["stack_id"] == stack.id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
