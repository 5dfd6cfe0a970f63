"""How an account's gate is spelled as a DynamoDB item."""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.models import Model

from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.sessions import Session
from scanward.stores import keys


class GateItem(Model):
    """ACCOUNT#id / GATE. `sessions`: session id → {e: ends, c: created, r: current, p: previous, t: rotated}."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.GATE)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    departments = NumberSetAttribute(null=True)
    sessions: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]


ACTIVE = GateItem.active == True  # noqa: E712 (an expression)
WORKING_DOCTOR = (GateItem.role == Role.DOCTOR.value) & ACTIVE & (GateItem.approved == True)  # noqa: E712


def new_gate(account: Account) -> GateItem:
    """The gate of a new account: no sessions yet."""
    return GateItem(
        keys.account(account.id),
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        sessions={},
    )


def gate_actions(account: Account, *, ends_sessions: bool) -> list[Any]:
    """What a change of an account writes into its gate."""
    actions: list[Any] = [GateItem.active.set(account.is_active), GateItem.approved.set(account.is_approved)]
    if ends_sessions:
        actions.append(GateItem.sessions.set({}))
    return actions


def actor_of(item: GateItem, session_id: str) -> Actor:
    """Who acts in a session, as the gate knows them now."""
    departments = frozenset(map(int, item.departments or ()))
    return Actor(keys.number(item.pk), Role(item.role), item.approved, session_id, departments)


def is_working_doctor(item: GateItem, department_id: int) -> bool:
    """Whether the gate is an approved doctor's who works in a department."""
    may = item.role == Role.DOCTOR.value and item.active and item.approved
    return bool(may and department_id in (item.departments or ()))


def spelled(session: Session) -> dict[str, Any]:
    """A session as the item's map has it."""
    said: dict[str, Any] = {"e": session.ends, "c": session.created, "t": session.rotated}
    said |= {"r": session.current, "p": session.previous}
    return {name: value for name, value in said.items() if value}


def sessions_of(item: GateItem) -> dict[str, Session]:
    """The sessions that an item spells, those that have run out too."""
    kept: dict[str, Mapping[str, Any]] = item.sessions.as_dict()  # type: ignore[no-untyped-call]
    return {
        sid: Session(sid, int(s.get("c", 0)), int(s["e"]), s.get("r"), s.get("p"), int(s.get("t", 0)))
        for sid, s in kept.items()
    }
