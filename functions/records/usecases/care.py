"""Care links, and patients as the professionals know them whom they let in.

A professional hands out a token; a patient lets them in with it, and withdraws it again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import is_working_doctor
from scanward.domain import patient_chart
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.care import AccessEntry, CareLink, ConnectToken, Glass
from scanward.domain.departments import Department
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.patient_chart import ChartVersion
from scanward.domain.policy import Action, Relation, Resource, allows
from scanward.errors import Conflict, InvalidFields, NotAllowed, NotFound, TooManyRequests, Unavailable
from scanward.security.access import ResourceRef
from scanward.stores.idempotency import create_once
from scanward.stores.identity.account_lists import AccountFilters

MAX_MINUTES = timedelta(days=3660)
ADMINISTRATORS = AccountFilters(role=Role.ADMIN, active=True)


@dataclass(frozen=True, slots=True)
class NewConnectToken:
    """A new token as it is spelled, and as it is kept."""

    token: str
    connect_token: ConnectToken


@dataclass(frozen=True, slots=True)
class LinkedDoctor:
    """A professional whom a patient let in, and by which link."""

    account: Account
    link: CareLink


@dataclass(frozen=True, slots=True)
class DepartmentAccess:
    """A department that the patient is in since a time, and the doctors to whom it opens their data."""

    department: Department
    since: datetime
    doctors: Sequence[Account]


@dataclass(frozen=True, slots=True)
class GlassAccess:
    """A doctor who broke the glass, and for what reason until when."""

    account: Account
    glass: Glass


@dataclass(frozen=True, slots=True)
class AccessOverview:
    """Everyone who can see a patient's data, and why; administrators can see everything."""

    doctors: Sequence[LinkedDoctor]
    departments: Sequence[DepartmentAccess]
    glasses: Sequence[GlassAccess]
    administrators: Sequence[Account]


def create_connect_token(deps: RecordDeps, actor: Actor, minutes: int) -> NewConnectToken:
    """Return a token that lets one patient in, once. Raises NotAllowed to who was refused."""
    if actor.is_refused:
        raise NotAllowed
    token = str(uuid4())
    connect_token = ConnectToken(_hash_token(token), actor.account_id, deps.now() + timedelta(minutes=minutes))
    deps.connect_tokens.add(connect_token)
    return NewConnectToken(token, connect_token)


def revoke_connect_token(deps: RecordDeps, actor: Actor, token: str) -> None:
    """Forget an unused token of one's own. Raises NotFound, whatever else it is."""
    if not deps.connect_tokens.revoke(_hash_token(token), actor.account_id):
        raise NotFound


def connect_doctor(
    deps: RecordDeps, actor: Actor, token: str, ends_at: datetime | None, idempotency_key: IdempotencyKey | None
) -> LinkedDoctor:
    """Let a professional in. Raises NotAllowed, InvalidFields, and NotFound for every token that does not hold."""
    _require(actor, Action.CONNECT)
    now = deps.now()
    if ends_at is not None and not now < ends_at <= now + MAX_MINUTES:
        raise InvalidFields({"ends_at": ["Give a time to come, within ten years."]})
    token_hash = _hash_token(token)

    def connect(at: datetime) -> LinkedDoctor:
        connect_token = deps.connect_tokens.find(token_hash)
        if connect_token is None or connect_token.expires_at <= at:
            raise NotFound
        doctor = LinkedDoctor(
            _professional(deps, connect_token.professional_id),
            CareLink(actor.account_id, connect_token.professional_id, at, ends_at),
        )
        deps.connect_tokens.spend(
            connect_token, doctor.link, _entry(actor, Action.CONNECT, doctor.link, at), idempotency_key
        )
        return doctor

    def replay(record: IdempotencyRecord) -> LinkedDoctor:
        return _earlier_link(deps, actor, int(record.answer["professional_id"]))

    try:
        return create_once(store=deps.idempotency, key=idempotency_key, now=lambda: now, create=connect, replay=replay)
    except Conflict as error:  # other requests spent the token each time
        raise NotFound from error


def list_own_doctors(deps: RecordDeps, actor: Actor, request: PageRequest) -> tuple[list[LinkedDoctor], str | None]:
    """Return part of the professionals whom the caller let in, the newest first."""
    _require(actor, Action.CONNECT)
    scope = f"doctors-of:{actor.account_id}"
    page = deps.links.of_patient(actor.account_id, deps.now(), deps.tokens.page_range(request, scope))
    accounts = {account.id: account for account in deps.accounts.get_many([one.professional_id for one in page.items])}
    let_in = [
        LinkedDoctor(accounts[link.professional_id], link) for link in page.items if link.professional_id in accounts
    ]
    return let_in, deps.tokens.next_cursor(page.last, scope)


def withdraw_link(deps: RecordDeps, actor: Actor, doctor: str) -> AccessOverview:
    """Withdraw from a professional, at once, and return what is still open.

    It ends the care link, if there is one, and no department opens the patient's data to them any longer. Raises
    NotAllowed, and NotFound for who could see nothing by link or department.
    """
    _require(actor, Action.WITHDRAW)
    now = deps.now()
    link = CareLink(actor.account_id, parse_id(doctor), now)
    entry = _entry(actor, Action.WITHDRAW, link, now)
    is_done = deps.links.withdraw(link.patient_id, link.professional_id, entry) or (
        _is_open_by_department(deps, link) and deps.links.refuse(link.patient_id, link.professional_id, entry)
    )
    if not is_done:
        raise NotFound
    return read_access(deps, actor)


def read_access(deps: RecordDeps, actor: Actor) -> AccessOverview:
    """Return everyone who can see the caller's data now, and why. Raises NotAllowed to all but patients.

    A question is seen besides by the doctors whom it was put to, and by nobody else for that.
    """
    _require(actor, Action.READ_OWN_ACCESS)
    access = deps.links.open_access(actor.account_id, deps.now())
    since_by_id = {member.department_id: member.since for member in access.memberships}
    departments = deps.departments.get_many(since_by_id)
    doctor_ids = {one.id: list(deps.members.all_doctors_in(one.id)) for one in departments}
    glass_ids = [glass.doctor_id for glass in access.glasses]
    wanted_ids = {*glass_ids, *(link.professional_id for link in access.links), *chain(*doctor_ids.values())}
    accounts = {
        account.id: account
        for account in deps.accounts.get_many(sorted(wanted_ids))
        if account.is_active and not account.is_refused
    }
    working_ids = {number for number, account in accounts.items() if is_working_doctor(account)}
    return AccessOverview(
        doctors=[
            LinkedDoctor(accounts[link.professional_id], link)
            for link in access.links
            if link.professional_id in accounts
        ],
        departments=[
            DepartmentAccess(
                department=one,
                since=since_by_id[one.id],
                doctors=[
                    accounts[number]
                    for number in doctor_ids[one.id]
                    if number in working_ids and number not in access.refused_ids
                ],
            )
            for one in departments
        ],
        glasses=[
            GlassAccess(accounts[glass.doctor_id], glass) for glass in access.glasses if glass.doctor_id in working_ids
        ],
        administrators=deps.directory.all(ADMINISTRATORS),
    )


def _is_open_by_department(deps: RecordDeps, link: CareLink) -> bool:
    """Tell whether the professional is a doctor in a department that the patient is in, and not refused already."""
    access = deps.links.open_access(link.patient_id, link.since)
    works_in = deps.members.departments([link.professional_id]).get(link.professional_id, frozenset())
    is_shared = any(member.department_id in works_in for member in access.memberships)
    return is_shared and link.professional_id not in access.refused_ids


def _earlier_link(deps: RecordDeps, actor: Actor, professional_id: int) -> LinkedDoctor:
    link = deps.links.between(actor.account_id, professional_id)
    if link is None or not link.is_active(deps.now()):
        raise NotFound
    return LinkedDoctor(_professional(deps, professional_id), link)


def _professional(deps: RecordDeps, account_id: int) -> Account:
    credentials = deps.accounts.get(account_id)
    if credentials is None or not credentials.account.is_active or credentials.account.is_refused:
        raise NotFound
    return credentials.account


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


def _hash_token(token: str) -> str:
    """Return the form in which a token is kept. Raises NotFound for what is not spelled as one."""
    try:
        number = UUID(token) if len(token) == 36 else None
    except ValueError:
        number = None
    if number is None:
        raise NotFound
    return hashlib.sha256(number.bytes).hexdigest()


@dataclass(frozen=True, slots=True)
class LinkedPatient:
    """A patient in the list of who let a professional in, and by which link."""

    account: Account
    link: CareLink


@dataclass(frozen=True, slots=True)
class PatientChart:
    """A patient and their sheet. `shows_diagnosis`: whether the reader may see that as well."""

    account: Account
    chart: ChartVersion | None
    shows_diagnosis: bool


def list_linked_patients(
    deps: RecordDeps, actor: Actor, request: PageRequest
) -> tuple[list[LinkedPatient], str | None]:
    """Return the patients who let the caller in, the newest link first, and the cursor of the next page.

    Of who was refused there are none.
    """
    if actor.is_refused:
        return [], None
    scope = f"patients:{actor.account_id}"
    page = deps.links.of_professional(actor.account_id, deps.now(), deps.tokens.page_range(request, scope))
    accounts = {account.id: account for account in deps.accounts.get_many([link.patient_id for link in page.items])}
    patients = [LinkedPatient(accounts[link.patient_id], link) for link in page.items if link.patient_id in accounts]
    deps.access.log_listed(actor, Action.READ_PATIENT, [one.account.id for one in patients], "patient")
    return patients, deps.tokens.next_cursor(page.last, scope)


def read_patient(deps: RecordDeps, actor: Actor, patient: str) -> PatientChart:
    """Return one patient. Raises NotFound, also for who did not let the caller in."""
    account, chart_version = _get_patient(deps, parse_id(patient))
    relation = deps.access.require(actor, Action.READ_PATIENT, account.id, ResourceRef("patient", account.id))
    return _patient_chart(actor, relation, account, chart_version)


def write_chart(deps: RecordDeps, actor: Actor, patient: str, fields: Mapping[str, Any]) -> PatientChart:
    """Keep fields on a patient's sheet. Raises NotFound, and NotAllowed for a diagnosis by who makes none."""
    account, before = _get_patient(deps, parse_id(patient))
    action = Action.WRITE_DIAGNOSIS if "diagnosis" in fields else Action.WRITE_PATIENT
    relation = deps.access.require(actor, action, account.id, ResourceRef("patient", account.id))
    for last in (False, False, True):
        now = deps.now()
        blank = before or patient_chart.first_version(account.id, actor.account_id, now)
        after = patient_chart.next_version(blank, actor.account_id, fields, now)
        try:
            deps.charts.write(before, after)
        except Conflict:
            if last:
                raise
            before = deps.charts.get(account.id)
        else:
            break
    return _patient_chart(actor, relation, account, after)


def break_glass(deps: RecordDeps, actor: Actor, patient: str, reason: str) -> Glass:
    """Let a doctor whom the patient did not let in look for a while, and tell the patient.

    Raises NotAllowed, NotFound, and TooManyRequests for who did so as often as may be in a day.
    """
    from scanward.metrics import Metric, emit  # noqa: PLC0415 - glass is seldom broken; a cold start does without

    patient_id = parse_id(patient)
    if not allows(actor, Action.BREAK_GLASS, Resource(patient_id)):
        raise NotAllowed
    account, _ = _get_patient(deps, patient_id)
    try:
        glass = deps.access.break_glass(
            actor, patient_id, reason, glass_rates=deps.glass_rates, notices=deps.notifications
        )
    except TooManyRequests:
        emit({Metric.GLASSES_REFUSED: 1})
        raise
    emit({Metric.GLASSES_BROKEN: 1})
    _enqueue_mail(deps, account, glass)
    return glass


def _enqueue_mail(deps: RecordDeps, account: Account, glass: Glass) -> None:
    if account.names.email is None:
        return
    # The glass is broken and the notice is written: no emergency waits for a mail that cannot be asked for now.
    with suppress(Unavailable):
        deps.mails.enqueue_glass(glass.patient_id, glass.ends_at)


def _get_patient(deps: RecordDeps, patient_id: int) -> tuple[Account, ChartVersion | None]:
    account_and_chart = deps.patients.get(patient_id)
    if account_and_chart is None or account_and_chart[0].role is not Role.PATIENT:
        raise NotFound
    return account_and_chart


def _patient_chart(
    actor: Actor, relation: Relation, account: Account, chart_version: ChartVersion | None
) -> PatientChart:
    return PatientChart(account, chart_version, allows(actor, Action.READ_DIAGNOSIS, Resource(account.id, relation)))
