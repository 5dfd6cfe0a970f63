"""No function's role changes or removes an entry of the access log, and only those that log add any."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.cloud import template
from tests.support.iam import ItemRequest, Verdict, evaluate, role_statements
from tests.unit.infra.gate import of_type

WRITERS = {"AuthRole", "PushRole", "RealtimeRole", "RecordsRole", "ScansRole"}
OWN, MIXED = ("ACCESS#7",), ("CARE#7", "ACCESS#7")
CHANGES = [
    *(ItemRequest(action, "ClinicTable", OWN) for action in ("UpdateItem", "DeleteItem", "PartiQLUpdate")),
    *(ItemRequest("BatchWriteItem", "ClinicTable", keys) for keys in (OWN, MIXED)),
]
PUT = ItemRequest("PutItem", "ClinicTable", OWN)


def roles(parsed: Mapping[str, Any]) -> list[str]:
    """Return the roles of functions by logical id."""
    return sorted({one["Role"].removesuffix(".Arn") for one in of_type(parsed, "Serverless::Function").values()})


def complaints(parsed: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a role may do to entries that it may not, or must be able to do and cannot."""
    for role in roles(parsed):
        statements = list(role_statements(parsed, role))
        for request in CHANGES:
            if evaluate(statements, request) is not Verdict.DENIED:
                yield f"{role} is not denied {request.action} of {', '.join(request.keys)}"
        verdict = evaluate(statements, PUT)
        if verdict is not (Verdict.ALLOWED if role in WRITERS else Verdict.DENIED):
            yield f"{role} puts entries: {verdict}"


def test_roles_add_entries_where_they_log_and_change_none() -> None:
    assert len(roles(template())) == len(of_type(template(), "Serverless::Function"))
    assert list(complaints(template())) == []


@pytest.mark.parametrize("role", roles(template()))
def test_role_without_the_policy_of_the_log_is_caught(role: str) -> None:
    broken = copy.deepcopy(template())
    del broken["Resources"][role]["Properties"]["ManagedPolicyArns"]
    assert [text for text in complaints(broken) if text.startswith(role)]


@pytest.mark.parametrize(
    ("policy", "action"),
    [
        (policy, action)
        for policy in ("AddToAccessLog", "LeaveAccessLogAlone")
        for action in ("BatchWriteItem", "DeleteItem", "PartiQLUpdate", "PutItem", "UpdateItem")
        if (policy, action) != ("AddToAccessLog", "PutItem")
    ],
)
def test_action_that_is_no_longer_denied_is_caught(policy: str, action: str) -> None:
    broken = copy.deepcopy(template())
    [statement] = broken["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    statement["Action"].remove(f"dynamodb:{action}")
    assert list(complaints(broken))


def test_denial_of_batches_of_entries_alone_is_caught() -> None:
    broken = copy.deepcopy(template())
    [statement] = broken["Resources"]["AddToAccessLog"]["Properties"]["PolicyDocument"]["Statement"]
    statement["Condition"] = {"ForAllValues:StringLike": statement["Condition"]["ForAnyValue:StringLike"]}
    assert any("CARE#7, ACCESS#7" in text for text in complaints(broken)), "one other key would let a batch through"


def test_records_and_erasure_write_the_rest_of_the_clinic_as_before() -> None:
    for role, action in (("RecordsRole", "DeleteItem"), ("OwnDataRole", "UpdateItem"), ("OwnDataRole", "PutItem")):
        request = ItemRequest(action, "ClinicTable", ("CARE#7",))
        assert evaluate(list(role_statements(template(), role)), request) is Verdict.ALLOWED
