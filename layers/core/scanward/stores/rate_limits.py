"""Rate limits in DynamoDB: calls and failed logins of an address, uploads that an account has begun, urgent orders, and
how often a doctor broke the glass.

One small item for each minute, quarter of an hour or day, which expires by itself. Addresses and names are stored as
keyed hashes alone: an item does not tell whose they were.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Actor, Role
from scanward.errors import TooManyRequests
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, TableItem, bind_table, get_item, sdk_errors_mapped, to_ms

RETENTION_SECONDS = 300


class AddressItem(TableItem):
    """ADDRESS#hash / minute. `f…`: failures against one account, by the hash of its name."""

    calls = NumberAttribute()
    expires_at = NumberAttribute()


class AddressRateStore:
    """Counts calls and failures."""

    def __init__(self, table: str) -> None:
        bind_table(AddressItem, table)

    def count_call(self, address: str, target: str, now: int) -> tuple[int, int]:
        """Count a call; (calls, failures against `target`) of this address in this minute. One round trip."""
        values = _count(address, AddressItem.calls.add(1), now)
        return int(values["calls"]["N"]), int(values.get(f"f{target}", {"N": "0"})["N"])

    def count_failure(self, address: str, target: str, now: int) -> None:
        """Count a failure."""
        _count(address, Path(f"f{target}").add(1), now)


def _count(address: str, counting: Action, now: int) -> Any:
    """Return the attributes of the minute's item after it was counted; a failure may be the first of its minute."""
    item = AddressItem(keys.address(address), str(now // 60))
    with sdk_errors_mapped():
        return item.update([counting, AddressItem.expires_at.set(now + RETENTION_SECONDS)])["Attributes"]


WINDOW_SECONDS = 900


class UploadRateItem(TableItem):
    """UPLOADS#account / quarter of an hour."""

    begun = NumberAttribute()
    expires_at = NumberAttribute()


class UploadRateStore:
    """`limit`: uploads a quarter of an hour and account."""

    def __init__(self, table: str, limit: int) -> None:
        bind_table(UploadRateItem, table)
        self._limit = limit

    def count(self, account_id: int, now: datetime) -> None:
        """Count one more; one round trip. Raises TooManyRequests over the limit.

        In no transaction with the upload: those of one account that begin at once would only wait for each other.
        """
        actions: list[Action] = [
            UploadRateItem.begun.add(1),
            UploadRateItem.expires_at.set(_end(now) + WINDOW_SECONDS),
        ]
        below = UploadRateItem.begun.does_not_exist() | (UploadRateItem.begun < self._limit)
        try:
            with sdk_errors_mapped():
                UploadRateItem(keys.uploads(account_id), str(_end(now))).update(actions, condition=below)
        except ConditionFailed as full:
            raise TooManyRequests(_end(now) - int(now.timestamp()), self._limit) from full

    def uncount(self, account_id: int, now: datetime) -> None:
        """Take back what was counted at that time; one round trip."""
        with sdk_errors_mapped():
            item = UploadRateItem(keys.uploads(account_id), str(_end(now)))
            item.update([UploadRateItem.begun.add(-1)])


def _end(now: datetime, seconds: int = WINDOW_SECONDS) -> int:
    return (int(now.timestamp()) // seconds + 1) * seconds


DAY_SECONDS = 86_400
DAY = timedelta(days=1)


class GlassRateItem(TableItem):
    """GLASSES#doctor / COUNT. `openings`: time#random of each glass of the last 24 hours, and some from before."""

    sk = UnicodeAttribute(range_key=True, default=keys.COUNT)
    openings = UnicodeSetAttribute(null=True)
    expires_at = NumberAttribute()


class GlassRateStore:
    """`limit`: glasses that a doctor may break in any 24 hours. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, limit: int) -> None:
        bind_table(GlassRateItem, table)
        self._limit = limit

    def write_count(self, write: TransactWrite, doctor_id: int, mark: str, now: datetime) -> None:
        """Count one more in the transaction that breaks it, on the condition that there is room."""
        path = Path("openings")
        few: Condition = path.does_not_exist() | (size(path) < self._limit)  # type: ignore[no-untyped-call]
        actions: list[Action] = [
            GlassRateItem.openings.add({mark}),
            GlassRateItem.expires_at.set(int((now + DAY).timestamp())),
        ]
        write.update(GlassRateItem(keys.glasses(doctor_id)), actions=actions, condition=few)

    def make_room(self, doctor_id: int, now: datetime) -> None:
        """Forget those from before the last 24 hours. Raises TooManyRequests when there are none of these."""
        item = get_item(GlassRateItem, keys.glasses(doctor_id), keys.COUNT)
        openings = sorted(item.openings or ()) if item else []
        old = {place for place in openings if _opened_ms(place) <= to_ms(now - DAY)}
        if not old and len(openings) >= self._limit:
            wait_ms = _opened_ms(openings[-self._limit]) - to_ms(now - DAY)
            raise TooManyRequests(-(-wait_ms // 1000), self._limit)
        if old:
            with sdk_errors_mapped():
                GlassRateItem(keys.glasses(doctor_id)).update([GlassRateItem.openings.delete(old)])


def glass_mark(opened_at: datetime) -> str:
    """Return what stands for one broken glass in the count, told apart from others of the same millisecond."""
    return f"{to_ms(opened_at):013d}#{secrets.token_hex(6)}"


def _opened_ms(place: str) -> int:
    return int(place.partition("#")[0])


class HighOrderItem(TableItem):
    """HIGH#account / day (UTC)."""

    orders = NumberAttribute()
    expires_at = NumberAttribute()


class HighOrderStore:
    """Orders of priority HIGH. `per_patient`, `per_professional`: how many an account may make in a day."""

    def __init__(self, table: str, per_patient: int, per_professional: int) -> None:
        bind_table(HighOrderItem, table)
        self._per_patient = per_patient
        self._per_professional = per_professional

    def count(self, actor: Actor, now: datetime) -> bool:
        """Count one more; False when the day's are used up. One round trip."""
        limit = self._per_patient if actor.role is Role.PATIENT else self._per_professional
        below = HighOrderItem.orders.does_not_exist() | (HighOrderItem.orders < limit)
        end = _end(now, DAY_SECONDS)
        actions: list[Action] = [HighOrderItem.orders.add(1), HighOrderItem.expires_at.set(end + DAY_SECONDS)]
        try:
            with sdk_errors_mapped():
                HighOrderItem(keys.high_orders(actor.account_id), str(end)).update(actions, condition=below)
        except ConditionFailed:
            return False
        return True

    def uncount(self, actor: Actor, now: datetime) -> None:
        """Take back what was counted at that time; one round trip."""
        with sdk_errors_mapped():
            item = HighOrderItem(keys.high_orders(actor.account_id), str(_end(now, DAY_SECONDS)))
            item.update([HighOrderItem.orders.add(-1)])
