"""An account's session item in DynamoDB: which sessions are live, and how many requests each minute has seen.

One conditional update answers both questions of a request: is this session live, and is it within the rate limit? The
minute's counter is an attribute of its own (`m` and the Unix minute), since ADD works on top-level attributes only.

The accounts table's stream carries keys alone, no profile and no password hash. So the end of a session writes an item
under a key of its own in the same transaction: the stream's reader looks for that key and asks which sessions are live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.tokens import Session
from scanward.errors import NotAuthenticated
from scanward.stores import keys
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    bind_table,
    get_item,
    retry_on_conflict,
    transact_write,
)


class SessionItem(TableItem):
    """ACCOUNT#id / GATE. `sessions`: session id → {e: ends, c: created, r: current, p: previous, t: rotated}."""

    sk = UnicodeAttribute(range_key=True, default=keys.GATE)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    refused = BooleanAttribute(null=True)
    one_time_password = BooleanAttribute(null=True)
    departments = NumberSetAttribute(null=True)
    sessions: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]


ACTIVE = SessionItem.active == True  # noqa: E712 (an expression)
WORKING_DOCTOR = (SessionItem.role == Role.DOCTOR.value) & ACTIVE & (SessionItem.approved == True)  # noqa: E712


def new_session_item(account: Account) -> SessionItem:
    """Return the gate of a new account: no sessions yet."""
    return SessionItem(
        keys.account(account.id),
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        refused=account.is_refused or None,
        sessions={},
    )


def session_actions(account: Account, *, ends_sessions: bool, survivor: Session | None = None) -> list[Any]:
    """Return what a change of an account writes into its gate. `survivor`: the one that goes on when sessions end."""
    actions: list[Any] = [
        SessionItem.active.set(account.is_active),
        SessionItem.approved.set(account.is_approved),
        SessionItem.refused.set(account.is_refused),
    ]
    if ends_sessions:
        actions.append(SessionItem.sessions.set({survivor.id: session_map(survivor)} if survivor else {}))
    return actions


def is_live(session_id: str) -> Any:
    """Return the condition that a session has not been ended."""
    return Path(["sessions", session_id]).exists()


def is_unchanged(session: Session) -> Any:
    """Return the condition that a session is as it was read: neither ended nor its refresh token rotated."""
    path = Path(["sessions", session.id])
    return (path["r"] == session.current) if session.current else (path.exists() & path["r"].does_not_exist())


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What a change means to sessions, as `AccountStore.change` says it."""

    ends: bool
    caller: str | None
    survivor: Session | None

    def condition(self) -> Any:
        """Return the condition on the account's sessions; None without one."""
        if self.survivor:
            return is_unchanged(self.survivor)
        return is_live(self.caller) if self.caller else None


def actor_of(item: SessionItem, session_id: str) -> Actor:
    """Return who acts in a session, as the gate knows them now."""
    departments = frozenset(map(int, item.departments or ()))
    return Actor(
        account_id=keys.number(item.pk),
        role=Role(item.role),
        is_approved=item.approved,
        session_id=session_id,
        departments=departments,
        is_refused=bool(item.refused),
        has_one_time_password=bool(item.one_time_password),
    )


def session_map(session: Session) -> dict[str, Any]:
    """Return a session as the item's map has it."""
    fields: dict[str, Any] = {"e": session.ends, "c": session.created_at, "t": session.rotated_at}
    fields |= {"r": session.current, "p": session.previous}
    return {name: value for name, value in fields.items() if value}


def sessions_of(item: SessionItem) -> dict[str, Session]:
    """Return the sessions that an item spells, those that have run out too."""
    stored_sessions: dict[str, Mapping[str, Any]] = item.sessions.as_dict()  # type: ignore[no-untyped-call]
    return {
        sid: Session(
            id=sid,
            created_at=int(s.get("c", 0)),
            ends=int(s["e"]),
            current=s.get("r"),
            previous=s.get("p"),
            rotated_at=int(s.get("t", 0)),
        )
        for sid, s in stored_sessions.items()
    }


class SessionEndItem(TableItem):
    """ACCOUNT#id / ENDED. `times` makes each end a change: what stays the same is not in the stream."""

    sk = UnicodeAttribute(range_key=True, default=keys.SESSION_END)
    times = NumberAttribute()


def write_session_end(write: TransactWrite, account_id: int) -> None:
    """Tell, with everything else that the transaction writes, that sessions of the account have ended."""
    write.update(SessionEndItem(keys.account(account_id), keys.SESSION_END), actions=[SessionEndItem.times.add(1)])


MAX_SESSIONS = 20
MAX_STALE_COUNTERS = 8


@dataclass(frozen=True, slots=True)
class SessionUse:
    """Who passed, in which session, and how many requests this minute has seen, this one included."""

    actor: Actor
    session: Session
    count: int


class SessionStore:
    """Passes, opens and ends sessions. Each method is one round trip unless something is to be tidied up."""

    def __init__(self, table: str) -> None:
        bind_table(SessionItem, table)
        bind_table(SessionEndItem, table)

    def count_request(self, account_id: int, session_id: str, now: int) -> SessionUse:
        """Count one request of a live session at Unix second `now`.

        Raises NotAuthenticated when the session has ended, or the account is gone or inactive.
        """
        item, counter = _session_item(account_id), f"m{now // 60}"
        alive = (Path(["sessions", session_id, "e"]) > now) & ACTIVE
        stale = Path(f"m{now // 60 - 1}").remove()
        values = _update(item, [Path(counter).add(1), stale], alive)["Attributes"]
        self._prune(item, [name for name in values if name[0] == "m" and name[1:].isdigit() and name != counter])
        return SessionUse(actor_of(item, session_id), sessions_of(item)[session_id], int(values[counter]["N"]))

    def actor(self, account_id: int, session_id: str, now: int) -> Actor:
        """Return who acts in a live session, without counting a request. Raises as `enter` does."""
        item = _read(account_id)
        session = sessions_of(item).get(session_id)
        if not item.active or session is None or session.ends <= now:
            raise NotAuthenticated
        return actor_of(item, session_id)

    def account_actor(self, account_id: int) -> Actor | None:
        """Return who an account is now, in no session; None when it is gone or deactivated. One round trip."""
        item = get_item(SessionItem, keys.account(account_id), keys.GATE)
        return actor_of(item, session_id="") if item and item.active else None

    def is_active(self, account_id: int) -> bool:
        """Tell whether there is such an account, and it is not deactivated; one round trip."""
        item = get_item(SessionItem, keys.account(account_id), keys.GATE, consistent=False)
        return item is not None and bool(item.active)

    def open(self, account_id: int, session: Session, now: int) -> None:
        """Add a session; the oldest go when there are too many.

        Raises NotAuthenticated when the account is gone or inactive.
        """
        item = _session_item(account_id)
        _update(item, [Path(["sessions", session.id]).set(session_map(session))], ACTIVE)
        sessions = sorted(sessions_of(item).values(), key=lambda other: other.ends)
        over = sessions[:-MAX_SESSIONS] + [other for other in sessions[-MAX_SESSIONS:] if other.ends <= now]
        if over:
            _close(account_id, [other.id for other in over])

    def replace(self, account_id: int, before: Session, after: Session) -> bool:
        """Write a session over what it was; False when it has changed or ended meanwhile."""
        new = Path(["sessions", before.id]).set(session_map(after))
        try:
            _update(_session_item(account_id), [new], is_unchanged(before))
        except NotAuthenticated:
            return False
        return True

    def close(self, account_id: int, session_ids: list[str]) -> None:
        """End sessions at once; those that have ended already are no error."""
        if session_ids:
            _close(account_id, session_ids)

    def sessions(self, account_id: int, now: int) -> list[Session]:
        """Return the live sessions, the newest first. Raises NotAuthenticated when the account is gone."""
        live = [session for session in sessions_of(_read(account_id)).values() if session.ends > now]
        return sorted(live, key=lambda session: -session.created_at)

    def _prune(self, item: SessionItem, stale: list[str]) -> None:
        # A minute's counter is removed by the next minute's requests; each pause leaves one behind.
        if len(stale) > MAX_STALE_COUNTERS:
            _update(item, [Path(name).remove() for name in stale])


def _session_item(account_id: int) -> SessionItem:
    return SessionItem(keys.account(account_id), keys.GATE)


def _read(account_id: int) -> SessionItem:
    item = get_item(SessionItem, keys.account(account_id), keys.GATE)
    if item is None:
        raise NotAuthenticated
    return item


def _update(item: SessionItem, actions: list[Any], condition: Any = None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    try:
        # Ending a session is a transaction: a request that meets one waits for it.
        retry_on_conflict(lambda: data.update(item.update(actions, condition=condition)))
    except ConditionFailed as error:
        raise NotAuthenticated from error
    return data


def _close(account_id: int, session_ids: list[str]) -> None:
    def fill(write: TransactWrite) -> None:
        removals: list[Any] = [Path(["sessions", session_id]).remove() for session_id in session_ids]
        write.update(_session_item(account_id), actions=removals, condition=SessionItem.pk.exists())
        write_session_end(write, account_id)

    try:
        transact_write(fill)
    except ConditionFailed as error:
        raise NotAuthenticated from error
