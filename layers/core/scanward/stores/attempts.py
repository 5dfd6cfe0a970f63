"""How often an address has called, and failed against which account, in the current minute.

One small item an address and minute, which expires by itself. Addresses and names are kept as keyed hashes only: the
item tells nobody who they were.
"""

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from scanward.stores import keys
from scanward.stores.dynamo import bind, translated

KEPT_SECONDS = 300


class AttemptsItem(Model):
    """ADDRESS#hash / minute. `f…`: failures against one account, by the hash of its name."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    calls = NumberAttribute()
    expires_at = NumberAttribute()


class AttemptStore:
    """Counts calls and failures."""

    def __init__(self, table: str) -> None:
        bind(AttemptsItem, table)

    def called(self, address: str, target: str, now: int) -> tuple[int, int]:
        """Counts a call; (calls, failures against `target`) of this address in this minute. One round trip."""
        values = _count(address, AttemptsItem.calls.add(1), now)
        return int(values["calls"]["N"]), int(values.get(f"f{target}", {"N": "0"})["N"])

    def failed(self, address: str, target: str, now: int) -> None:
        """Counts a failure."""
        _count(address, Path(f"f{target}").add(1), now)


def _count(address: str, counting: Action, now: int) -> Any:
    """The attributes of the minute's item after it was counted; a failure may be the first of its minute."""
    item = AttemptsItem(keys.address(address), str(now // 60))
    with translated():
        return item.update([counting, AttemptsItem.expires_at.set(now + KEPT_SECONDS)])["Attributes"]
