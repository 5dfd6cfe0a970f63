"""Accounts and their gate over DynamoDB."""

from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest

from scanward.domain.accounts import Names, Profile, Role, register
from scanward.domain.tokens import Session
from scanward.errors import AlreadyTaken, NotAuthenticated
from scanward.stores.accounts import AccountStore
from scanward.stores.dynamo import connection
from scanward.stores.sessions import MAX_SESSIONS, SessionStore
from tests.faults.injection import conflicts, meanwhile

NOW = datetime(2026, 5, 8, 10, tzinfo=UTC)
SECOND = int(NOW.timestamp())


@pytest.fixture
def store(aws: None) -> AccountStore:
    return AccountStore("AccountsTable")


@pytest.fixture
def gate(store: AccountStore) -> SessionStore:
    store.add(
        register(id=1, role=Role.PATIENT, names=Names(email="ada@example.org"), profile=Profile(), now=NOW), "hash"
    )
    return SessionStore("AccountsTable")


def test_an_account_that_is_added_is_read_back(store: AccountStore) -> None:
    account = register(id=1, role=Role.DOCTOR, names=Names(email="Ada@example.org"), profile=Profile(), now=NOW)
    store.add(account, "hash")
    found = store.by_name("email", "ada@EXAMPLE.org")
    assert found
    assert (found.account, found.password_hash, store.get(1)) == (account, "hash", found)
    assert store.by_name("email", "nobody@example.org") is None
    assert store.get(2) is None


def test_a_taken_email_leaves_nothing_behind(store: AccountStore) -> None:
    store.add(
        register(id=1, role=Role.PATIENT, names=Names(email="ada@example.org"), profile=Profile(), now=NOW), "hash"
    )
    with pytest.raises(AlreadyTaken):
        store.add(
            register(id=2, role=Role.PATIENT, names=Names(email="ADA@example.org"), profile=Profile(), now=NOW), "hash"
        )
    assert store.get(2) is None


def test_a_live_session_passes_and_is_counted_by_the_minute(gate: SessionStore) -> None:
    gate.open(1, Session("one", SECOND, SECOND + 100), SECOND)
    assert [gate.count_request(1, "one", SECOND).count for _ in range(3)] == [1, 2, 3]
    assert gate.count_request(1, "one", SECOND + 60).count == 1
    passage = gate.count_request(1, "one", SECOND + 61)
    assert (passage.actor.account_id, passage.actor.role, passage.actor.session_id) == (1, Role.PATIENT, "one")


def test_no_other_session_passes_nor_one_that_is_over(gate: SessionStore) -> None:
    gate.open(1, Session("one", SECOND, SECOND + 100), SECOND)
    for account, session, second in ((1, "two", SECOND), (2, "one", SECOND), (1, "one", SECOND + 100)):
        with pytest.raises(NotAuthenticated):
            gate.count_request(account, session, second)


def test_nobody_opens_a_session_of_an_account_that_is_not_there(gate: SessionStore) -> None:
    with pytest.raises(NotAuthenticated):
        gate.open(2, Session("one", SECOND, SECOND + 100), SECOND)


def test_sessions_are_bounded_and_the_oldest_go(gate: SessionStore) -> None:
    for number in range(MAX_SESSIONS + 5):
        gate.open(1, Session(f"s{number}", SECOND, SECOND + 100 + number), SECOND)
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            gate.count_request(1, f"s{number}", SECOND)
    assert gate.count_request(1, "s5", SECOND)
    assert gate.count_request(1, f"s{MAX_SESSIONS + 4}", SECOND)


def test_counters_of_minutes_long_past_do_not_pile_up(gate: SessionStore) -> None:
    gate.open(1, Session("one", SECOND, SECOND + 1_000_000), SECOND)
    for pause in range(40):
        gate.count_request(1, "one", SECOND + pause * 600)
    item = boto3.client("dynamodb").get_item(
        TableName="AccountsTable", Key={"pk": {"S": "ACCOUNT#1"}, "sk": {"S": "GATE"}}
    )["Item"]
    assert sum(name[0] == "m" and name[1:].isdigit() for name in item) <= 10


def test_two_who_register_at_once_wait_for_each_other(store: AccountStore) -> None:
    with conflicts(connection().client, "dynamodb.TransactWriteItems", times=2) as met:
        store.add(
            register(id=1, role=Role.PATIENT, names=Names(email="ada@example.org"), profile=Profile(), now=NOW), "hash"
        )
    assert len(met) == 2
    assert store.by_name("email", "ada@example.org")


def test_who_locks_an_account_while_others_change_it_succeeds(store: AccountStore, gate: SessionStore) -> None:
    gate.open(1, Session("one", SECOND, SECOND + 100), SECOND)

    def rename() -> None:
        before = store.get(1)
        assert before
        named = replace(before.account, profile=Profile(full_name="Ada"))
        store.change(before, replace(before, account=named), ends_sessions=False)

    with meanwhile(connection().client, "dynamodb.TransactWriteItems", rename, lambda: store.lock(1, NOW)) as acted:
        store.lock(1, NOW)
    found = store.get(1)
    assert found
    assert (found.account.is_active, found.account.profile.full_name, len(acted)) == (False, "Ada", 2)
    with pytest.raises(NotAuthenticated):
        gate.count_request(1, "one", SECOND)
