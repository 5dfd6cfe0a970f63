"""No role changes or removes an entry of the access log or a seal; only those that log or seal add any."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.cloud import template
from tests.support.iam import ItemRequest, Verdict, evaluate, role_statements
from tests.unit.infra.gate import of_type

WRITERS = {"AuthRole", "PushRole", "RealtimeRole", "RecordsRole", "ScansRole"}
SEALER = "SealRole"
ENTRY, SEALS = "ACCESS#7", ("SEALS#7", "CHAINS#7")
CHANGES = [
    *(
        ItemRequest(action, "ClinicTable", [key])
        for action in ("UpdateItem", "DeleteItem", "PartiQLUpdate", "BatchWriteItem")
        for key in (ENTRY, *SEALS)
    ),
    ItemRequest("BatchWriteItem", "ClinicTable", ["CARE#7", ENTRY]),
]


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
        for key in (ENTRY, *SEALS):
            verdict = evaluate(statements, ItemRequest("PutItem", "ClinicTable", [key]))
            may = role in WRITERS if key == ENTRY else role == SEALER
            if verdict is not (Verdict.ALLOWED if may else Verdict.DENIED):
                yield f"{role} puts {key}: {verdict}"


def test_roles_add_entries_where_they_log_and_change_none() -> None:
    assert len(roles(template())) == len(of_type(template(), "Serverless::Function"))
    assert list(complaints(template())) == []


@pytest.mark.parametrize("role", roles(template()))
def test_role_without_the_policy_of_the_log_is_caught(role: str) -> None:
    broken = copy.deepcopy(template())
    del broken["Resources"][role]["Properties"]["ManagedPolicyArns"]
    assert [text for text in complaints(broken) if text.startswith(role)]


def denials() -> list[tuple[str, int, str]]:
    """Return each policy, statement and action by which the template denies something of the log."""
    return [
        (policy, place, action)
        for policy in ("AddToAccessLog", "LeaveAccessLogAlone", "SealAccessLog", "EraseReasons")
        for place, statement in enumerate(statements_of(template(), policy))
        for action in statement["Action"]
        if action not in {"dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert"}  # the same words again
    ]


def statements_of(parsed: Mapping[str, Any], policy: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = parsed["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return statements


@pytest.mark.parametrize(("policy", "place", "action"), denials())
def test_action_that_is_no_longer_denied_is_caught(policy: str, place: int, action: str) -> None:
    broken = copy.deepcopy(template())
    statements_of(broken, policy)[place]["Action"].remove(action)
    assert list(complaints(broken))


@pytest.mark.parametrize(("policy", "place"), sorted({(policy, place) for policy, place, _ in denials()}))
@pytest.mark.parametrize("key", ["ACCESS#*", "SEALS#*", "CHAINS#*"])
def test_key_that_is_no_longer_guarded_is_caught(policy: str, place: int, key: str) -> None:
    broken = copy.deepcopy(template())
    keys = statements_of(broken, policy)[place]["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    if key in keys:
        keys.remove(key)
        assert list(complaints(broken))


def test_denial_of_batches_of_entries_alone_is_caught() -> None:
    broken = copy.deepcopy(template())
    statement = statements_of(broken, "AddToAccessLog")[0]
    statement["Condition"] = {"ForAllValues:StringLike": statement["Condition"]["ForAnyValue:StringLike"]}
    assert any("CARE#7, ACCESS#7" in text for text in complaints(broken)), "one other key would let a batch through"


def test_records_and_erasure_write_the_rest_of_the_clinic_as_before() -> None:
    for role, action in (("RecordsRole", "DeleteItem"), ("OwnDataRole", "UpdateItem"), ("OwnDataRole", "PutItem")):
        request = ItemRequest(action, "ClinicTable", ("CARE#7",))
        assert evaluate(list(role_statements(template(), role)), request) is Verdict.ALLOWED


def test_erasure_takes_reasons_away_and_nothing_else_of_an_entry() -> None:
    for role in roles(template()):
        statements = list(role_statements(template(), role))
        reasons = ItemRequest("UpdateItem", "ClinicTable", [ENTRY], ("pk", "sk", "reason", "reason_salt"))
        expected = Verdict.ALLOWED if role == "OwnDataRole" else Verdict.DENIED
        assert evaluate(statements, reasons) is expected, role
        more = ItemRequest("UpdateItem", "ClinicTable", [ENTRY], ("pk", "sk", "reason", "actor_id"))
        assert evaluate(statements, more) is Verdict.DENIED, role
