"""How many uploads straight to S3 an account has begun in a quarter of an hour: nobody begins them without end."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.stores import keys
from scanward.stores.dynamo import bind, translated

WINDOW_SECONDS = 900


class UploadCountItem(Model):
    """UPLOADS#account / quarter of an hour."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    begun = NumberAttribute()
    expires_at = NumberAttribute()


class UploadCounts:
    """`limit`: uploads a quarter of an hour and account."""

    def __init__(self, table: str, limit: int) -> None:
        bind(UploadCountItem, table)
        self.limit = limit

    def count(self, write: TransactWrite, account_id: int, now: datetime) -> None:
        """Adds one to a transaction, which fails over the limit."""
        actions: list[Action] = [UploadCountItem.begun.add(1), UploadCountItem.expires_at.set(_end(now) + WINDOW_SECONDS)]
        below = UploadCountItem.begun.does_not_exist() | (UploadCountItem.begun < self.limit)
        write.update(_item(account_id, now), actions=actions, condition=below)

    def is_full(self, account_id: int, now: datetime) -> bool:
        """Whether the limit is reached; one round trip."""
        item = _item(account_id, now)
        with translated():
            try:
                item.refresh(consistent_read=True)
            except UploadCountItem.DoesNotExist:
                return False
        return int(item.begun) >= self.limit


def seconds_left(now: datetime) -> int:
    """Until the count begins anew."""
    return _end(now) - int(now.timestamp())


def _end(now: datetime) -> int:
    return (int(now.timestamp()) // WINDOW_SECONDS + 1) * WINDOW_SECONDS


def _item(account_id: int, now: datetime) -> UploadCountItem:
    return UploadCountItem(keys.uploads(account_id), str(_end(now)))
