"""The gate item of an account: which sessions live, and how many requests each minute has seen.

One conditional update answers both questions of a request: is this session alive, and is it within the limit. The
minute's counter is an attribute of its own (`m` and the Unix minute), since ADD works on top-level attributes only.
"""

from dataclasses import dataclass

from pynamodb.attributes import BooleanAttribute, MapAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from scanward.domain.accounts import Account, Actor, Role
from scanward.errors import NotAuthenticated
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, translated

MAX_SESSIONS = 20
MAX_STALE_COUNTERS = 8


class GateItem(Model):
    """ACCOUNT#id / GATE. `sessions`: session id → Unix second at which it ends."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.GATE)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    sessions: MapAttribute[str, int] = MapAttribute()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Passage:
    """Who passed, and how many requests this minute has seen, this one included."""

    actor: Actor
    count: int


def new_gate(account: Account) -> GateItem:
    """The gate of a new account: no sessions yet."""
    return GateItem(
        keys.account(account.id),
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        sessions={},
    )


class GateStore:
    """Passes and opens sessions."""

    def __init__(self, table: str) -> None:
        bind(GateItem, table)

    def enter(self, account_id: int, session_id: str, now: int) -> Passage:
        """Counts one request of a live session at Unix second `now`; one round trip.

        Raises NotAuthenticated when the session has ended, or the account is gone or inactive.
        """
        minute = now // 60
        item = GateItem(keys.account(account_id), keys.GATE)
        counter = f"m{minute}"
        alive = (Path(["sessions", session_id]) > now) & (GateItem.active == True)  # noqa: E712 (an expression)
        try:
            with translated():
                seen = item.update([Path(counter).add(1), Path(f"m{minute - 1}").remove()], condition=alive)
        except ConditionFailed as ended:
            raise NotAuthenticated from ended
        values = seen["Attributes"]
        self._prune(item, [name for name in values if name[0] == "m" and name[1:].isdigit() and name != counter])
        return Passage(Actor(account_id, Role(item.role), item.approved, session_id), int(values[counter]["N"]))

    def open(self, account_id: int, session_id: str, ends: int, now: int) -> None:
        """Adds a session that ends at Unix second `ends`; the oldest go when there are too many.

        Raises NotAuthenticated when the account is gone or inactive.
        """
        item = GateItem(keys.account(account_id), keys.GATE)
        try:
            with translated():
                item.update(
                    [Path(["sessions", session_id]).set(ends)],
                    condition=(GateItem.active == True),  # noqa: E712 (an expression)
                )
        except ConditionFailed as gone:
            raise NotAuthenticated from gone
        ends_of: dict[str, int] = item.sessions.as_dict()  # type: ignore[no-untyped-call]
        lives = sorted(ends_of.items(), key=lambda pair: pair[1])
        over = [sid for sid, end in lives[:-MAX_SESSIONS]] + [s for s, end in lives[-MAX_SESSIONS:] if end <= now]
        if over:
            with translated():
                item.update([Path(["sessions", sid]).remove() for sid in over])

    def _prune(self, item: GateItem, stale: list[str]) -> None:
        # A minute's counter is removed by the next minute's requests; each pause leaves one behind.
        if len(stale) > MAX_STALE_COUNTERS:
            with translated():
                item.update([Path(name).remove() for name in stale])
