"""The gate item of an account: which sessions live, and how many requests each minute has seen.

One conditional update answers both questions of a request: is this session alive, and is it within the limit. The
minute's counter is an attribute of its own (`m` and the Unix minute), since ADD works on top-level attributes only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import BooleanAttribute, MapAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.sessions import Session
from scanward.errors import NotAuthenticated
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, translated

MAX_SESSIONS = 20
MAX_STALE_COUNTERS = 8


class GateItem(Model):
    """ACCOUNT#id / GATE. `sessions`: session id → {e: ends, c: created, r: current, p: previous, t: rotated}."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.GATE)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    sessions: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]


ACTIVE = GateItem.active == True  # noqa: E712 (an expression)


@dataclass(frozen=True, slots=True)
class Passage:
    """Who passed, in which session, and how many requests this minute has seen, this one included."""

    actor: Actor
    session: Session
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
    """Passes, opens and ends sessions. Each method is one round trip unless something is to be tidied up."""

    def __init__(self, table: str) -> None:
        bind(GateItem, table)

    def enter(self, account_id: int, session_id: str, now: int) -> Passage:
        """Counts one request of a live session at Unix second `now`.

        Raises NotAuthenticated when the session has ended, or the account is gone or inactive.
        """
        item, counter = _gate(account_id), f"m{now // 60}"
        alive = (Path(["sessions", session_id, "e"]) > now) & ACTIVE
        stale = Path(f"m{now // 60 - 1}").remove()
        values = _update(item, [Path(counter).add(1), stale], alive)["Attributes"]
        self._prune(item, [name for name in values if name[0] == "m" and name[1:].isdigit() and name != counter])
        actor = Actor(account_id, Role(item.role), item.approved, session_id)
        return Passage(actor, _sessions(item)[session_id], int(values[counter]["N"]))

    def open(self, account_id: int, session: Session, now: int) -> None:
        """Adds a session; the oldest go when there are too many.

        Raises NotAuthenticated when the account is gone or inactive.
        """
        item = _gate(account_id)
        _update(item, [Path(["sessions", session.id]).set(_spelled(session))], ACTIVE)
        kept = sorted(_sessions(item).values(), key=lambda other: other.ends)
        over = kept[:-MAX_SESSIONS] + [other for other in kept[-MAX_SESSIONS:] if other.ends <= now]
        if over:
            _update(item, [Path(["sessions", other.id]).remove() for other in over])

    def replace(self, account_id: int, before: Session, after: Session) -> None:
        """Writes a session over what it was. Raises NotAuthenticated when it has changed or ended meanwhile."""
        path = Path(["sessions", before.id])
        same = (path["r"] == before.current) if before.current else (path.exists() & path["r"].does_not_exist())
        _update(_gate(account_id), [path.set(_spelled(after))], same)

    def close(self, account_id: int, session_ids: list[str]) -> None:
        """Ends sessions at once; those that have ended already are no error."""
        if session_ids:
            _update(_gate(account_id), [Path(["sessions", sid]).remove() for sid in session_ids], GateItem.pk.exists())

    def sessions(self, account_id: int, now: int) -> list[Session]:
        """The live sessions, the newest first. Raises NotAuthenticated when the account is gone."""
        with translated():
            try:
                item = GateItem.get(keys.account(account_id), keys.GATE, consistent_read=True)
            except GateItem.DoesNotExist as gone:
                raise NotAuthenticated from gone
        live = [session for session in _sessions(item).values() if session.ends > now]
        return sorted(live, key=lambda session: -session.created)

    def _prune(self, item: GateItem, stale: list[str]) -> None:
        # A minute's counter is removed by the next minute's requests; each pause leaves one behind.
        if len(stale) > MAX_STALE_COUNTERS:
            _update(item, [Path(name).remove() for name in stale])


def _gate(account_id: int) -> GateItem:
    return GateItem(keys.account(account_id), keys.GATE)


def _update(item: GateItem, actions: list[Any], condition: Any = None) -> dict[str, Any]:
    try:
        with translated():
            data: dict[str, Any] = item.update(actions, condition=condition)
    except ConditionFailed as ended:
        raise NotAuthenticated from ended
    return data


def _spelled(session: Session) -> dict[str, Any]:
    spelled: dict[str, Any] = {"e": session.ends, "c": session.created, "t": session.rotated}
    spelled |= {"r": session.current, "p": session.previous}
    return {name: value for name, value in spelled.items() if value}


def _sessions(item: GateItem) -> dict[str, Session]:
    kept: dict[str, Mapping[str, Any]] = item.sessions.as_dict()  # type: ignore[no-untyped-call]
    return {
        sid: Session(sid, int(s.get("c", 0)), int(s["e"]), s.get("r"), s.get("p"), int(s.get("t", 0)))
        for sid, s in kept.items()
    }


def gate_actions(account: Account, *, ends_sessions: bool) -> list[Any]:
    """What a change of an account writes into its gate."""
    actions: list[Any] = [GateItem.active.set(account.is_active), GateItem.approved.set(account.is_approved)]
    if ends_sessions:
        actions.append(GateItem.sessions.set({}))
    return actions
