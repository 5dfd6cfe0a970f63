"""Approving and refusing: the decision is kept with its reason, and whom it is about can read it."""

import logging
from collections.abc import Iterator

import pytest

from tests.support.client import ApiClient
from tests.support.people import own_id

REASON = "The chamber's list\nnames nobody of that number"


@pytest.fixture
def lines(api: ApiClient) -> Iterator[list[str]]:
    """Provide everything that any logger is given, with its extras."""
    from functions.auth import handler

    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(repr(record.__dict__))

    keeper = Keep()
    assert handler.app
    logging.getLogger().addHandler(keeper)
    yield found
    logging.getLogger().removeHandler(keeper)


def test_a_refusal_is_kept_with_its_reason_and_shown_to_whom_it_is_about(
    admin: ApiClient, doctor: ApiClient, lines: list[str]
) -> None:
    whose = own_id(doctor)
    assert doctor.get("/users/me").data["decision_reason"] is None
    refused = admin.post(f"/users/{whose}/approval", {"approved": False, "reason": REASON}).data
    assert (refused["is_approved"], refused["decision_reason"]) == (False, REASON)
    assert refused["decided_at"] == refused["updated_at"]
    for reader, path in ((doctor, "/users/me"), (admin, f"/users/{whose}")):
        shown = reader.get(path).data
        assert (shown["decision_reason"], shown["decided_at"]) == (REASON, refused["decided_at"])
    assert [one["decision_reason"] for one in admin.get("/users?approved=false").data] == [REASON]
    assert lines
    assert not [line for line in lines if "chamber" in line]


def test_a_decision_stands_through_other_changes_until_the_next_one(admin: ApiClient, doctor: ApiClient) -> None:
    path = f"/users/{own_id(doctor)}/approval"
    admin.post(path, {"approved": False, "reason": REASON})
    doctor.patch("/api/profile", {"full_name": "Ada"})
    assert doctor.get("/users/me").data["decision_reason"] == REASON
    approved = admin.post(path, {"approved": True}).data
    assert (approved["is_approved"], approved["decision_reason"]) == (True, None)
    assert approved["decided_at"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "bell\x07", "nul\x00", 7, ["x"]])
def test_a_reason_is_plain_text_of_some_length(admin: ApiClient, doctor: ApiClient, reason: object) -> None:
    refused = admin.post(f"/users/{own_id(doctor)}/approval", {"approved": True, "reason": reason})
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {"reason"})
    assert doctor.get("/users/me").data["is_approved"] is False
