"""How long an analysis takes in each lane, as measured by its workers: for telling people how long they will wait."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from scanward.domain.orders import Lane
from scanward.stores import keys
from scanward.stores.dynamo import bind, translated


class DurationItem(Model):
    """DURATION#lane / DURATION."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.DURATION)
    seconds = NumberAttribute()


class Durations:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind(DurationItem, table)

    def note(self, lane: Lane, seconds: float) -> None:
        """Keeps what an analysis takes now."""
        with translated():
            DurationItem(keys.duration(lane.value), seconds=round(seconds, 3)).save()

    def seconds(self, lane: Lane) -> float | None:
        """What an analysis took lately; None before the first."""
        with translated():
            try:
                return float(DurationItem.get(keys.duration(lane.value), keys.DURATION).seconds)
            except DurationItem.DoesNotExist:
                return None
