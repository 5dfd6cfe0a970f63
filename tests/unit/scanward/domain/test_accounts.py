"""What the access log says of a change of an account."""

from dataclasses import replace
from datetime import UTC, datetime

from scanward.domain import accounts
from scanward.domain.accounts import Decision, Names, Profile, Role, describe_change

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DOCTOR = accounts.register(
    id=7, role=Role.DOCTOR, names=Names(email="ada@example.org"), profile=Profile(phone="1"), now=NOW
)


def test_change_of_fields_is_told_by_their_names_and_no_value() -> None:
    after = replace(DOCTOR, role=Role.LAB, names=Names(email="eve@example.org"), profile=Profile(phone="2", age=40))
    assert describe_change(DOCTOR, after) == "role, email, phone, age"


def test_decision_is_told_each_time_and_beside_what_else_changed() -> None:
    approved = accounts.decide(DOCTOR, Decision(1, NOW), is_approved=True)
    again = accounts.decide(approved, Decision(2, NOW), is_approved=True)
    assert describe_change(DOCTOR, approved) == describe_change(approved, again) == "approved"
    refused = accounts.decide(approved, Decision(1, NOW, "no such number"), is_approved=False)
    assert describe_change(approved, replace(refused, is_active=False)) == "refused, deactivated"


def test_change_of_nothing_but_the_time_is_not_told() -> None:
    assert describe_change(DOCTOR, replace(DOCTOR, updated_at=datetime.now(UTC))) is None
