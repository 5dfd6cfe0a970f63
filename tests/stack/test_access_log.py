"""The access log on the deployed stack: the stream has each entry sealed, and a check finds one that is gone."""

import subprocess
import sys
from typing import Any

import pytest

from infra.local.clients import environment
from infra.local.stack import find_stack
from tests.stack.embedded import Stack, until
from tests.stack.visitor import Visitor
from tests.support.client import ApiClient
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack
CHECK = """
import sys
from infra.operations.audit import Audit, verify
from scanward.clock import now
sys.exit(0 if verify(Audit(*sys.argv[1:], now()), None) else 1)
"""


def check(stack: Stack) -> tuple[int, str]:
    """Return the exit code of a check, and what it printed."""
    found = find_stack(stack.endpoint)
    assert found
    tables = (found.outputs["ClinicTableName"], found.outputs["AccountsTableName"])
    command = [sys.executable, "-c", CHECK, *tables]
    ran = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment(stack.endpoint), capture_output=True, text=True, timeout=60, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_entry_is_sealed_by_the_stream_and_missed_when_it_is_gone(
    stack: Stack, administrator: ApiClient, patient: Visitor
) -> None:
    owner = patient.api.get("/users/me").json["data"]["id"]
    assert administrator.get(f"/users/{owner}").status == 200
    dynamodb, found = stack.aws("dynamodb"), find_stack(stack.endpoint)
    assert found
    table = found.outputs["ClinicTableName"]

    def items(key: str) -> Any:
        return dynamodb.query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": key}}
        )["Items"]

    until(lambda: items(f"SEALS#{owner}"), seconds=90, every=0.5)
    code, printed = check(stack)
    assert (code, "Gaps: 0, in 0 logs." in printed) == (0, True), printed
    [entry] = items(f"ACCESS#{owner}")
    dynamodb.delete_item(TableName=table, Key={name: entry[name] for name in ("pk", "sk")})
    code, printed = check(stack)
    assert (code, f"{owner}  {entry['sk']['S']}  missing entry" in printed) == (1, True), printed
