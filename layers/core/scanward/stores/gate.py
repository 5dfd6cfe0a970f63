"""The gate item of an account: which sessions live, and how many requests each minute has seen.

One conditional update answers both questions of a request: is this session alive, and is it within the limit. The
minute's counter is an attribute of its own (`m` and the Unix minute), since ADD works on top-level attributes only.
"""

from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Actor
from scanward.domain.sessions import Session
from scanward.errors import NotAuthenticated
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, settled, translated
from scanward.stores.gate_items import ACTIVE, GateItem, actor_of, sessions_of, spelled
from scanward.stores.session_ends import EndedItem, note_end
from scanward.stores.transactions import write_together

MAX_SESSIONS = 20
MAX_STALE_COUNTERS = 8


@dataclass(frozen=True, slots=True)
class Passage:
    """Who passed, in which session, and how many requests this minute has seen, this one included."""

    actor: Actor
    session: Session
    count: int


class GateStore:
    """Passes, opens and ends sessions. Each method is one round trip unless something is to be tidied up."""

    def __init__(self, table: str) -> None:
        bind(GateItem, table)
        bind(EndedItem, table)

    def enter(self, account_id: int, session_id: str, now: int) -> Passage:
        """Counts one request of a live session at Unix second `now`.

        Raises NotAuthenticated when the session has ended, or the account is gone or inactive.
        """
        item, counter = _gate(account_id), f"m{now // 60}"
        alive = (Path(["sessions", session_id, "e"]) > now) & ACTIVE
        stale = Path(f"m{now // 60 - 1}").remove()
        values = _update(item, [Path(counter).add(1), stale], alive)["Attributes"]
        self._prune(item, [name for name in values if name[0] == "m" and name[1:].isdigit() and name != counter])
        return Passage(actor_of(item, session_id), sessions_of(item)[session_id], int(values[counter]["N"]))

    def actor(self, account_id: int, session_id: str, now: int) -> Actor:
        """Who acts in a live session, without counting a request. Raises as `enter` does."""
        item = _read(account_id)
        session = sessions_of(item).get(session_id)
        if not item.active or session is None or session.ends <= now:
            raise NotAuthenticated
        return actor_of(item, session_id)

    def is_active(self, account_id: int) -> bool:
        """Whether there is such an account, and it is not deactivated; one round trip."""
        with translated():
            try:
                return bool(GateItem.get(keys.account(account_id), keys.GATE).active)
            except GateItem.DoesNotExist:
                return False

    def open(self, account_id: int, session: Session, now: int) -> None:
        """Adds a session; the oldest go when there are too many.

        Raises NotAuthenticated when the account is gone or inactive.
        """
        item = _gate(account_id)
        _update(item, [Path(["sessions", session.id]).set(spelled(session))], ACTIVE)
        kept = sorted(sessions_of(item).values(), key=lambda other: other.ends)
        over = kept[:-MAX_SESSIONS] + [other for other in kept[-MAX_SESSIONS:] if other.ends <= now]
        if over:
            _end(account_id, [other.id for other in over])

    def replace(self, account_id: int, before: Session, after: Session) -> bool:
        """Writes a session over what it was; False when it has changed or ended meanwhile."""
        path = Path(["sessions", before.id])
        same = (path["r"] == before.current) if before.current else (path.exists() & path["r"].does_not_exist())
        try:
            _update(_gate(account_id), [path.set(spelled(after))], same)
        except NotAuthenticated:
            return False
        return True

    def close(self, account_id: int, session_ids: list[str]) -> None:
        """Ends sessions at once; those that have ended already are no error."""
        if session_ids:
            _end(account_id, session_ids)

    def sessions(self, account_id: int, now: int) -> list[Session]:
        """The live sessions, the newest first. Raises NotAuthenticated when the account is gone."""
        live = [session for session in sessions_of(_read(account_id)).values() if session.ends > now]
        return sorted(live, key=lambda session: -session.created)

    def _prune(self, item: GateItem, stale: list[str]) -> None:
        # A minute's counter is removed by the next minute's requests; each pause leaves one behind.
        if len(stale) > MAX_STALE_COUNTERS:
            _update(item, [Path(name).remove() for name in stale])


def _gate(account_id: int) -> GateItem:
    return GateItem(keys.account(account_id), keys.GATE)


def _read(account_id: int) -> GateItem:
    with translated():
        try:
            return GateItem.get(keys.account(account_id), keys.GATE, consistent_read=True)
        except GateItem.DoesNotExist as gone:
            raise NotAuthenticated from gone


def _update(item: GateItem, actions: list[Any], condition: Any = None) -> dict[str, Any]:
    data: dict[str, Any] = {}
    try:
        # Ending a session is a transaction: a request that meets one waits for it.
        settled(lambda: data.update(item.update(actions, condition=condition)))
    except ConditionFailed as ended:
        raise NotAuthenticated from ended
    return data


def _end(account_id: int, session_ids: list[str]) -> None:
    def fill(write: TransactWrite) -> None:
        removed: list[Any] = [Path(["sessions", session_id]).remove() for session_id in session_ids]
        write.update(_gate(account_id), actions=removed, condition=GateItem.pk.exists())
        note_end(write, account_id)

    try:
        write_together(fill)
    except ConditionFailed as gone:
        raise NotAuthenticated from gone
