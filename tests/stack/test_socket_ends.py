"""How many sockets an account may have, and when they close."""

import json
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.stack.embedded import Stack, until
from tests.stack.visitor import Visitor, message, refused, socket

pytestmark = pytest.mark.stack


def test_the_sixth_socket_is_refused_until_one_closes(patient: Visitor) -> None:
    with ExitStack() as others:
        for _ in range(4):
            others.enter_context(socket(patient.stack, token=patient.token))
        with socket(patient.stack, token=patient.token):
            refused(patient.stack, token=patient.token)
        until(lambda: opens(patient), seconds=20)


@pytest.mark.parametrize("way", ["logout", "password"])
def test_sockets_close_when_their_session_ends(patient: Visitor, way: str) -> None:
    upload = patient.begin("image/png")
    with patient.watch(upload) as by_access, patient.watch(upload, upload.task_token) as by_task:
        for opened in (by_access, by_task):
            message(opened)
        if way == "logout":
            assert patient.api.send("POST", "/auth/logout").status == 200
        else:
            assert patient.api.put("/users/me", {"password": "another horse"}).status == 200
        for opened in (by_access, by_task):
            with pytest.raises(ConnectionClosed):
                message(opened, 20)
    refused(patient.stack, token=upload.task_token)


def opens(patient: Visitor) -> bool:
    """Tell whether a socket of theirs can be opened now."""
    try:
        with socket(patient.stack, token=patient.token):
            return True
    except InvalidStatus:
        return False


def test_a_silent_socket_is_kept_alive_and_an_idle_one_closed(patient: Visitor) -> None:
    with socket(patient.stack, token=patient.token) as silent:
        rewrite(patient, "due_at")
        keep_alive(patient.stack)
        assert message(silent, 20) == {"action": "keep-alive"}
        rewrite(patient, "heard_ms")
        keep_alive(patient.stack)
        assert closes(silent)
    assert rows(patient) == []


def closes(opened: ClientConnection) -> bool:
    """Tell whether it closes soon; the schedule may have kept it alive a second time before."""
    try:
        while message(opened, 20) == {"action": "keep-alive"}:
            pass
    except ConnectionClosed:
        return True
    return False


def rows(patient: Visitor) -> list[dict[str, Any]]:
    """Return the patient's sockets as they are kept."""
    kept = patient.stack.aws("dynamodb").scan(TableName=table(patient.stack))["Items"]
    own = str(patient.api.get("/users/me").json["data"]["id"])
    return [item for item in kept if item.get("account_id") == {"N": own}]


def rewrite(patient: Visitor, long_ago: str) -> None:
    """Make the patient's sockets due, and the time that is named long ago."""
    for item in rows(patient):
        past = {name: {"N": "1000"} for name in ("due_at", long_ago)}
        patient.stack.aws("dynamodb").put_item(TableName=table(patient.stack), Item={**item, **past})


def keep_alive(stack: Stack) -> None:
    """Do what the schedule does each minute."""
    said = stack.aws("lambda").invoke(FunctionName="scanward-keep-alive", Payload=b"{}")
    assert json.loads(said["Payload"].read()).keys() == {"kept", "ended", "gone", "untouched", "unread"}


def table(stack: Stack) -> str:
    """Return the table of sockets."""
    [found] = stack.aws("cloudformation").describe_stacks(StackName="scanward")["Stacks"]
    names = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    return str(names["ConnectionsTableName"])
