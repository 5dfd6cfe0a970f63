"""Care links: a professional hands out a token, a patient lets them in with it, and parts with them again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.lists import cursor, part
from scanward.domain.accounts import Account, Actor
from scanward.domain.care import AccessEntry, CareLink, ConnectToken
from scanward.domain.ids import parse_id
from scanward.domain.once import Once
from scanward.domain.policy import Action, Resource, allows
from scanward.domain.windows import Window
from scanward.errors import Conflict, InvalidFields, NotAllowed, NotFound

TRIES = 3
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A new token as it is spelled, and as it is kept."""

    token: str
    kept: ConnectToken


@dataclass(frozen=True, slots=True)
class Doctor:
    """A professional whom a patient let in, and by which link."""

    account: Account
    link: CareLink


def create_token(clinic: Clinic, actor: Actor, minutes: int) -> HandedOut:
    """A token that lets one patient in, once."""
    token = str(uuid4())
    kept = ConnectToken(_hashed(token), actor.account_id, clinic.now() + timedelta(minutes=minutes))
    clinic.connects.add(kept)
    return HandedOut(token, kept)


def revoke_token(clinic: Clinic, actor: Actor, token: str) -> None:
    """Forgets an unused token of one's own. Raises NotFound, whatever else it is."""
    if not clinic.connects.revoke(_hashed(token), actor.account_id):
        raise NotFound


def connect(clinic: Clinic, actor: Actor, token: str, ends_at: datetime | None, once: Once | None) -> Doctor:
    """Lets a professional in. Raises NotAllowed, InvalidFields, and NotFound for every token that does not hold."""
    _require(actor, Action.CONNECT)
    now = clinic.now()
    if ends_at is not None and not now < ends_at <= now + LONGEST:
        raise InvalidFields({"ends_at": ["Give a time to come, within ten years."]})
    hashed = _hashed(token)
    for _ in range(TRIES):
        made = clinic.once.find(once, now) if once else None
        if made:
            return _replayed(clinic, actor, int(made.made["professional_id"]))
        found = clinic.connects.find(hashed)
        if found is None or found.expires_at <= now:
            raise NotFound
        doctor = Doctor(
            _professional(clinic, found.professional_id),
            CareLink(actor.account_id, found.professional_id, now, ends_at),
        )
        try:
            clinic.connects.spend(found, doctor.link, _entry(actor, Action.CONNECT, doctor.link, now), once)
        except Conflict:
            continue
        return doctor
    raise NotFound


def doctors(clinic: Clinic, actor: Actor, window: Window) -> tuple[list[Doctor], str | None]:
    """Part of the professionals whom the caller let in, the newest first."""
    _require(actor, Action.CONNECT)
    scope = f"doctors-of:{actor.account_id}"
    found = clinic.links.of_patient(actor.account_id, clinic.now(), part(clinic, window, scope))
    accounts = {account.id: account for account in clinic.accounts.many([one.professional_id for one in found.links])}
    let_in = [Doctor(accounts[link.professional_id], link) for link in found.links if link.professional_id in accounts]
    return let_in, cursor(clinic, found.last, scope)


def withdraw(clinic: Clinic, actor: Actor, doctor: str) -> None:
    """Parts with a professional, at once. Raises NotAllowed, and NotFound for who was not let in."""
    _require(actor, Action.WITHDRAW)
    now = clinic.now()
    link = CareLink(actor.account_id, parse_id(doctor), now)
    if not clinic.links.withdraw(link.patient_id, link.professional_id, _entry(actor, Action.WITHDRAW, link, now)):
        raise NotFound


def _replayed(clinic: Clinic, actor: Actor, professional_id: int) -> Doctor:
    link = clinic.links.between(actor.account_id, professional_id)
    if link is None or not link.is_active(clinic.now()):
        raise NotFound
    return Doctor(_professional(clinic, professional_id), link)


def _professional(clinic: Clinic, account_id: int) -> Account:
    found = clinic.accounts.get(account_id)
    if found is None or not found.account.is_active:
        raise NotFound
    return found.account


def _require(actor: Actor, action: Action) -> None:
    if not allows(actor, action, Resource(actor.account_id)):
        raise NotAllowed


def _entry(actor: Actor, action: Action, link: CareLink, now: datetime) -> AccessEntry:
    return AccessEntry(
        patient_id=link.patient_id,
        at=now,
        actor_id=actor.account_id,
        actor_role=actor.role,
        action=action.value,
        resource="care_link",
        resource_id=link.professional_id,
    )


def _hashed(token: str) -> str:
    """The form in which a token is kept. Raises NotFound for what is not spelled as one."""
    try:
        number = UUID(token) if len(token) == 36 else None
    except ValueError:
        number = None
    if number is None:
        raise NotFound
    return hashlib.sha256(number.bytes).hexdigest()
