"""What people are told over their sockets without watching for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.realtime.usecases.push import push_notification
from scanward.domain.care import AccessChange, AccessNotification
from scanward.errors import Unavailable
from scanward.stores.notifications import (
    AccessNotificationItem,
    Notification,
    NotificationEvent,
    NotificationItem,
    access_notification_of_image,
    notification_of_image,
)
from tests.support.outbox import Outbox
from tests.support.sockets import ADA, BOB, Sockets

TOLD = {"action": "question_answered", "question_id": 7}
AT = datetime(2026, 5, 8, 10, 0, 0, 7000, tzinfo=UTC)


class Unsteady(Outbox):
    """Does not answer for the first of the sockets."""

    def send(self, connection_id: str, message: bytes) -> None:
        if connection_id == "c1":
            raise Unavailable
        super().send(connection_id, message)


def test_every_socket_of_the_account_is_told_and_nobody_elses(sockets: Sockets) -> None:
    for connection, account in (("c1", ADA), ("c2", ADA), ("c3", BOB)):
        assert sockets.connect(sockets.access(account), connection=connection) == 200
    assert push_notification(sockets.keeper, Notification(ADA, 7)) == 2
    assert [sockets.outbox.sent[name] for name in ("c1", "c2", "c3")] == [[TOLD], [TOLD], []]


def test_an_account_without_a_socket_is_sent_no_notification(sockets: Sockets) -> None:
    assert push_notification(sockets.keeper, Notification(ADA, 7)) == 0
    for connection in ("c1", "c2"):
        sockets.connect(sockets.access(), connection=connection)
    sockets.outbox.gone["c1"] = 1
    assert push_notification(sockets.keeper, Notification(ADA, 7)) == 1
    assert sockets.outbox.sent["c2"] == [TOLD]


def test_one_socket_that_cannot_be_reached_keeps_no_other_from_its_notification(sockets: Sockets) -> None:
    for connection in ("c1", "c2"):
        sockets.connect(sockets.access(), connection=connection)
    unsteady = Unsteady()
    with pytest.raises(Unavailable):
        push_notification(replace(sockets.keeper, client=unsteady), Notification(ADA, 7))
    assert unsteady.sent == {"c2": [TOLD]}


def test_a_notice_is_read_from_the_stream_as_it_was_written() -> None:
    older = {"pk": "NOTICE#1", "sk": "NOTICE", "question_id": 7, "expires_at": 9}
    item = older | {"event": "question_returned"}
    assert notification_of_image(image_of(older)) == Notification(1, 7)
    assert notification_of_image(image_of(item)) == Notification(1, 7, NotificationEvent.QUESTION_RETURNED)
    assert {*NotificationItem.get_attributes()} == {*item}


def test_a_change_in_access_is_told_with_who_and_until_when(sockets: Sockets) -> None:
    for connection, account in (("c1", ADA), ("c2", BOB)):
        assert sockets.connect(sockets.access(account), connection=connection) == 200
    broken = AccessNotification(ADA, AccessChange.BREAK_GLASS, 9, AT, ends_at=AT + timedelta(hours=1))
    ended = AccessNotification(ADA, AccessChange.ACCESS_ENDED, 9, AT)
    assert [push_notification(sockets.keeper, notice) for notice in (broken, ended)] == [1, 1]
    at, ends_at = "2026-05-08T10:00:00Z", "2026-05-08T11:00:00Z"
    assert sockets.outbox.sent["c1"] == [
        {"action": "break_glass", "professional_id": 9, "at": at, "ends_at": ends_at},
        {"action": "access_ended", "professional_id": 9, "at": at, "ends_at": None},
    ]
    assert sockets.outbox.sent["c2"] == []


def test_a_change_in_access_is_read_from_the_stream_as_it_was_written() -> None:
    sort = f"NOTICE#{int(AT.timestamp() * 1000):013d}#{9:016d}"
    item = {"pk": "NOTICE#1", "sk": sort, "change": "ACCESS_ENDED", "expires_at": 9}
    image = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert access_notification_of_image(image) == AccessNotification(1, AccessChange.ACCESS_ENDED, 9, AT)
    assert {*AccessNotificationItem.get_attributes()} == {*item, "ends_ms"}


def image_of(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def test_a_question_that_came_back_is_told_as_that(sockets: Sockets) -> None:
    sockets.connect(sockets.access(), connection="c1")
    notice = Notification(ADA, 7, NotificationEvent.QUESTION_RETURNED)
    assert push_notification(sockets.keeper, notice) == 1
    assert sockets.outbox.sent["c1"][-1] == {"action": "question_returned", "question_id": 7}
