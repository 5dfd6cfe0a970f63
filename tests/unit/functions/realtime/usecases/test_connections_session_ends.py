"""Sockets close when their session ends, and no others."""

from datetime import timedelta

import boto3
import pytest

from functions.realtime.usecases.connections import end_without_session
from scanward.domain.subscriptions import CONNECT_GRACE
from scanward.stores.accounts import Credentials
from scanward.stores.connections import ConnectionGone
from tests.support.sockets import ADA, BOB, Sockets


@pytest.fixture
def opened(sockets: Sockets) -> Sockets:
    """Provide two sessions of an account with a socket each, and somebody else's."""
    task = sockets.task()
    sockets.sign_in(ADA, "other")
    sockets.connect(sockets.access(), task.id, connection="first")
    sockets.connect(sockets.access(ADA, "other"), task.id, connection="second")
    sockets.connect(sockets.access(BOB), connection="bob")
    return sockets


def stored(sockets: Sockets) -> Credentials:
    found = sockets.accounts.get(ADA)
    assert found is not None
    return found


def ends(account: int) -> int:
    """Return how often the stream was told that sessions of the account ended."""
    key = {"pk": {"S": f"ACCOUNT#{account}"}, "sk": {"S": "ENDED"}}
    item = boto3.client("dynamodb").get_item(TableName="AccountsTable", Key=key).get("Item", {})
    return int(item.get("times", {"N": "0"})["N"])


def test_only_the_sockets_of_the_session_that_ended_close(opened: Sockets) -> None:
    opened.gates.close(ADA, ["s1"])
    assert ends(ADA) == 1
    assert end_without_session(opened.keeper, ADA) == 1
    assert opened.outbox.closed == ["first"]
    assert [slot.connection_id for slot in opened.connections.slots(ADA)] == ["second"]
    assert end_without_session(opened.keeper, ADA) == 0, "the same word again ends nothing"


def test_a_password_change_and_a_deactivation_close_all_sockets_of_the_account(opened: Sockets) -> None:
    before = stored(opened)
    opened.accounts.change(before, before, ends_sessions=True)
    assert ends(ADA) == 1
    assert end_without_session(opened.keeper, ADA) == 2
    assert sorted(opened.outbox.closed) == ["first", "second"]


def test_a_change_that_ends_no_session_is_no_end(opened: Sockets) -> None:
    before = stored(opened)
    opened.accounts.change(before, before, ends_sessions=False)
    assert ends(ADA) == 0
    assert end_without_session(opened.keeper, ADA) == 0


def test_a_removed_account_keeps_no_socket(opened: Sockets) -> None:
    opened.accounts.remove(stored(opened).account.id)
    assert ends(ADA) == 1
    assert end_without_session(opened.keeper, ADA) == 2
    assert opened.connections.slots(ADA) == []


def test_a_session_that_too_many_others_push_out_is_told_of(opened: Sockets) -> None:
    for number in range(19):
        opened.sign_in(ADA, f"more{number}", seconds=40 * 24 * 3600)
    assert ends(ADA) == 1
    assert end_without_session(opened.keeper, ADA) == 1


def test_a_handshake_under_way_is_waited_for(opened: Sockets) -> None:
    opened.gates.close(ADA, ["s1", "other"])
    opened.outbox.gone["first"] = 1
    with pytest.raises(ConnectionGone):
        end_without_session(opened.keeper, ADA)
    assert opened.outbox.closed == ["second"], "the others do not wait for it"
    assert end_without_session(opened.keeper, ADA) == 1
    assert sorted(opened.outbox.closed) == ["first", "second"]


def test_a_socket_that_is_gone_already_is_forgotten(opened: Sockets) -> None:
    opened.gates.close(ADA, ["s1"])
    opened.outbox.gone["first"] = 100
    opened.clock.ahead = CONNECT_GRACE + timedelta(seconds=1)
    assert end_without_session(opened.keeper, ADA) == 1
    assert opened.connections.get("first") is None
