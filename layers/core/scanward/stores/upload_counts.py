"""How many uploads straight to S3 an account has begun in a quarter of an hour: nobody begins them without end."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from scanward.errors import TooManyRequests
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, translated

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
        self._limit = limit

    def count(self, account_id: int, now: datetime) -> None:
        """Counts one more; one round trip. Raises TooManyRequests over the limit.

        In no transaction with the upload: those of one account that begin at once would only wait for each other.
        """
        actions: list[Action] = [
            UploadCountItem.begun.add(1),
            UploadCountItem.expires_at.set(_end(now) + WINDOW_SECONDS),
        ]
        below = UploadCountItem.begun.does_not_exist() | (UploadCountItem.begun < self._limit)
        try:
            with translated():
                UploadCountItem(keys.uploads(account_id), str(_end(now))).update(actions, condition=below)
        except ConditionFailed as full:
            raise TooManyRequests(_end(now) - int(now.timestamp()), self._limit) from full

    def take_back(self, account_id: int, now: datetime) -> None:
        """Takes back what was counted at that time; one round trip."""
        with translated():
            item = UploadCountItem(keys.uploads(account_id), str(_end(now)))
            item.update([UploadCountItem.begun.add(-1)])


def _end(now: datetime) -> int:
    return (int(now.timestamp()) // WINDOW_SECONDS + 1) * WINDOW_SECONDS
