"""Whatever administrators see or change of others is in the access log, before they are answered."""

from contextlib import ExitStack

import pytest

from scanward.stores.dynamo import connection
from tests.faults.injection import failing
from tests.support.client import ApiClient, Reply
from tests.support.links import log_of
from tests.support.people import own_id, sign_in
from tests.support.read_units import counted


def activity(admin: ApiClient, account: int, *, active: bool) -> Reply:
    body = b'{"is_active": true}' if active else b'{"is_active": false}'
    return admin.send("PATCH", f"/users/{account}", body, "application/json")


def kept(admin: ApiClient, account: int) -> list[tuple[str, str, int]]:
    """Return what the log about somebody says, the oldest first."""
    entries = admin.get(f"/users/{account}/access-log").data
    assert {entry["actor_id"] for entry in entries} <= {own_id(admin)}
    return [(entry["action"], entry["resource"], entry["resource_id"]) for entry in reversed(entries)]


def test_each_read_and_change_of_an_account_is_logged(admin: ApiClient, doctor: ApiClient) -> None:
    whose = own_id(doctor)
    assert admin.get(f"/users/{whose}").status == 200
    assert activity(admin, whose, active=True).status == 200
    assert admin.post(f"/users/{whose}/approval", {"approved": True}).status == 200
    read, *changed = reversed(log_of(doctor))
    assert (read["action"], read["resource"], read["resource_id"]) == ("READ_ACCOUNT", "account", whose)
    assert (read["actor_id"], read["actor_role"]) == (own_id(admin), "ADMIN")
    assert [entry["action"] for entry in changed] == ["CHANGE_ACCOUNT"] * 2


def test_entry_of_a_decision_or_activity_says_what_changed(admin: ApiClient, doctor: ApiClient) -> None:
    whose = own_id(doctor)
    for body in ({"approved": True}, {"approved": False, "reason": "The chamber knows nobody of that number"}):
        assert admin.post(f"/users/{whose}/approval", body).status == 200
    for active in (False, True, True):
        assert activity(admin, whose, active=active).status == 200
    entries = admin.get(f"/users/{whose}/access-log").data
    changes = [entry.get("change") for entry in reversed(entries) if entry["action"] == "CHANGE_ACCOUNT"]
    assert changes == ["approved", "refused", "deactivated", "reactivated", None], "the last one changed nothing"
    assert "chamber" not in str(entries)


def test_entry_of_a_removal_says_that_the_account_was_removed(admin: ApiClient, person: ApiClient) -> None:
    whose = own_id(person)
    assert activity(admin, whose, active=False).status == 200
    assert admin.delete(f"/users/{whose}").status == 200
    entries = admin.get(f"/users/{whose}/access-log").data
    changes = [entry["change"] for entry in reversed(entries) if entry["action"] == "CHANGE_ACCOUNT"]
    assert changes == ["deactivated", "removed"]


def test_a_removal_is_logged_where_the_log_outlives_the_account(admin: ApiClient, person: ApiClient) -> None:
    whose = own_id(person)
    assert admin.delete(f"/users/{whose}").status == 200
    logged = [entry for entry in kept(admin, whose) if entry[0] == "CHANGE_ACCOUNT"]
    assert logged == [("CHANGE_ACCOUNT", "account", whose)], "once, with the write that locks it"


def test_the_removal_of_a_locked_account_is_logged_as_well(admin: ApiClient, person: ApiClient) -> None:
    whose = own_id(person)
    assert activity(admin, whose, active=False).status == 200
    assert admin.delete(f"/users/{whose}").status == 200
    logged = [entry for entry in kept(admin, whose) if entry[0] == "CHANGE_ACCOUNT"]
    assert logged == [("CHANGE_ACCOUNT", "account", whose)] * 2, "that it was locked, and that it was removed"


def test_a_list_logs_each_account_that_it_shows_and_no_other(
    api: ApiClient, admin: ApiClient, person: ApiClient
) -> None:
    shown = sign_in(api, "shown@example.org")
    assert [one["id"] for one in admin.get("/users?limit=1").data] == [own_id(shown)]
    assert [entry["action"] for entry in log_of(shown)] == ["READ_ACCOUNT"]
    assert log_of(person) == []


def test_an_administrators_access_to_their_own_account_is_not_logged(admin: ApiClient) -> None:
    own = own_id(admin)
    assert admin.get(f"/users/{own}").status == 200
    assert activity(admin, own, active=True).status == 200
    assert [one["id"] for one in admin.get("/users?role=ADMIN").data] == [own]
    assert log_of(admin) == []


def test_a_refused_administration_request_leaves_no_log_entry(admin: ApiClient, person: ApiClient) -> None:
    whose = own_id(person)
    assert admin.post(f"/users/{whose}/approval", {"approved": True}).status == 409
    for path in (f"/users/{whose + 1}", "/users/x"):
        assert admin.get(path).status == 404
        assert admin.delete(path).status == 404
    assert log_of(person) == []
    assert admin.get(f"/users/{whose + 1}/access-log").status == 404, "of nobody nothing is logged"


@pytest.mark.parametrize("path", ["/users/{}", "/users?limit=1"])
def test_an_account_is_not_shown_if_the_access_cannot_be_logged(admin: ApiClient, person: ApiClient, path: str) -> None:
    path = path.format(own_id(person))
    with ExitStack() as broken:
        for operation in ("PutItem", "BatchWriteItem", "TransactWriteItems"):
            broken.enter_context(failing(connection().client, f"dynamodb.{operation}"))
        reply = admin.get(path)
    assert (reply.status, "somebody" in reply.body.decode()) == (503, False)


def test_a_change_and_its_entry_are_one_write(admin: ApiClient, doctor: ApiClient) -> None:
    whose = own_id(doctor)
    with counted() as units:
        assert activity(admin, whose, active=False).status == 200
        assert admin.post(f"/users/{whose}/approval", {"approved": True}).status == 200
    assert units.calls == ["UpdateItem", "GetItem", "TransactWriteItems"] * 2
