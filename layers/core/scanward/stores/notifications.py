"""Notifications: what an account is told over its open sockets, if they have any.

They lie in the scans table, whose stream the push function reads, and are written in the transaction of what they tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table

RETENTION = timedelta(days=1)


class NotificationEvent(StrEnum):
    """What became of a question: it was answered, or its doctor cannot answer it any more."""

    QUESTION_ANSWERED = "question_answered"
    QUESTION_RETURNED = "question_returned"


@dataclass(frozen=True, slots=True)
class Notification:
    """Something became of an account's question. It says no more: the question is read as always."""

    account_id: int
    question_id: int
    event: NotificationEvent = NotificationEvent.QUESTION_ANSWERED


class NotificationItem(TableItem):
    """NOTICE#account / NOTICE: the last one. Each replaces the one before, and is a change in the stream."""

    sk = UnicodeAttribute(range_key=True, default=keys.NOTICE)
    question_id = NumberAttribute()
    event = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class NotificationStore:
    """`scans_table` is where they lie."""

    def __init__(self, scans_table: str) -> None:
        bind_table(NotificationItem, scans_table)

    def write(self, write: TransactWrite, notice: Notification, now: datetime) -> None:
        """Add a notice to a transaction."""
        expires_at = int((now + RETENTION).timestamp())
        item = NotificationItem(
            keys.notification(notice.account_id),
            question_id=notice.question_id,
            event=notice.event.value,
            expires_at=expires_at,
        )
        write.save(item)


def notification_of_image(image: Mapping[str, Any]) -> Notification:
    """Return the notice in a stream record's image (DynamoDB JSON)."""
    item = NotificationItem()
    item.deserialize(dict(image))
    event = NotificationEvent(item.event or NotificationEvent.QUESTION_ANSWERED)
    return Notification(keys.number(item.pk), int(item.question_id), event)
