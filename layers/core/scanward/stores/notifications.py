"""Notifications: what an account is told over its open sockets, if they have any.

They lie in the scans table, whose stream the push function reads, and are written in the transaction of what they tell.
What changed in who may see a person's data can also be read for a year; of the rest only the last one lies there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.care import AccessChange, AccessNotification
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table, from_ms, query_rows, sdk_errors_mapped, to_ms

RETENTION = timedelta(days=1)
ACCESS_RETENTION = timedelta(days=365)


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


class AccessNotificationItem(TableItem):
    """NOTICE#account / NOTICE#time#professional. Written twice it is the same: the stream has its INSERT once."""

    change = UnicodeAttribute()
    ends_ms = NumberAttribute(null=True)
    expires_at = NumberAttribute()


class NotificationStore:
    """`scans_table` is where they lie. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, scans_table: str) -> None:
        for model in (NotificationItem, AccessNotificationItem):
            bind_table(model, scans_table)

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

    def write_access(self, write: TransactWrite, notice: AccessNotification) -> None:
        """Add a notice of a change in access to a transaction."""
        write.save(_access_item(notice))

    def put_all(self, notices: Iterable[AccessNotification]) -> None:
        """Write notices, 25 a round trip; those that are there already stay as they are."""
        with sdk_errors_mapped(), AccessNotificationItem.batch_write() as batch:
            for notice in notices:
                batch.save(_access_item(notice))

    def find_notified(self, notices: Iterable[AccessNotification]) -> set[int]:
        """Return the accounts that have a notice like these, strongly consistent; a hundred a round trip."""
        places = [(item.pk, item.sk) for item in map(_access_item, notices)]
        with sdk_errors_mapped():
            items = AccessNotificationItem.batch_get(places, consistent_read=True)
            return {keys.number(item.pk) for item in items}

    def page(self, account_id: int, part: PageRange) -> ListPage[AccessNotification]:
        """Return what an account was told of changes in access, the newest first; one query."""
        older: Condition = AccessNotificationItem.sk.startswith(keys.NOTICE_PREFIX)
        if part.before is not None:  # the last question's row sorts before all of these, and is none of them
            newest = keys.notice(*divmod(part.before - 1, keys.POSITIONS))
            older = AccessNotificationItem.sk.between(keys.NOTICE_PREFIX, newest)
        rows = query_rows(AccessNotificationItem, keys.notification(account_id), part, older=older)
        return cut_page(rows, part, access_notification_of, lambda item: _position(item.sk))


def _access_item(notice: AccessNotification) -> AccessNotificationItem:
    return AccessNotificationItem(
        keys.notification(notice.account_id),
        keys.notice(to_ms(notice.at), notice.professional_id),
        change=notice.change.value,
        ends_ms=to_ms(notice.ends_at) if notice.ends_at else None,
        expires_at=int((notice.at + ACCESS_RETENTION).timestamp()),
    )


def access_notification_of(item: AccessNotificationItem) -> AccessNotification:
    """Return the notice that an item spells."""
    ms, professional_id = divmod(_position(item.sk), keys.POSITIONS)
    return AccessNotification(
        account_id=keys.number(item.pk),
        change=AccessChange(item.change),
        professional_id=professional_id,
        at=from_ms(ms),
        ends_at=from_ms(item.ends_ms) if item.ends_ms is not None else None,
    )


def notification_of_image(image: Mapping[str, Any]) -> Notification:
    """Return the notice in a stream record's image (DynamoDB JSON)."""
    item = NotificationItem()
    item.deserialize(dict(image))
    event = NotificationEvent(item.event or NotificationEvent.QUESTION_ANSWERED)
    return Notification(keys.number(item.pk), int(item.question_id), event)


def access_notification_of_image(image: Mapping[str, Any]) -> AccessNotification:
    """Return the notice of a change in access in a stream record's image (DynamoDB JSON)."""
    item = AccessNotificationItem()
    item.deserialize(dict(image))
    return access_notification_of(item)


def _position(key: str) -> int:
    """Return a sort key as a number that a cursor can carry."""
    return keys.time_position(key.removeprefix(keys.NOTICE_PREFIX))
