"""The directory: which professionals work here, and which patients a doctor looks after."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.care import Grant
from scanward.domain.departments import Department
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action, Relation
from scanward.errors import NotAllowed, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.departments import DepartmentPatient
from scanward.stores.identity.account_lists import AccountFilters


def require_approved(actor: Actor) -> None:
    """Raise NotAllowed for a professional who waits for an administrator."""
    if actor.is_professional and not actor.is_approved:
        raise NotAllowed


def require_known(deps: RecordDeps, actor: Actor, account_id: int) -> None:
    """Raise NotFound to administrators for who is not there; to other callers such an account is a stranger's.

    Without it they would be shown empty lists of no account, and an access log of none.
    """
    if actor.is_admin and deps.accounts.get(account_id) is None:
        raise NotFound


APPROVED_DOCTORS = AccountFilters(role=Role.DOCTOR, active=True, approved=True)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A doctor, and the open departments that they work in."""

    account: Account
    departments: Sequence[Department]


def list_doctors(deps: RecordDeps, actor: Actor, request: PageRequest) -> tuple[list[Colleague], str | None]:
    """Return part of the directory, the newest account first.

    It is of people at work, so no access log is kept of it.
    """
    require_approved(actor)
    scope = "doctors"
    page = deps.directory.page(APPROVED_DOCTORS, deps.tokens.page_range(request, scope))
    return with_departments(deps, page.items), deps.tokens.next_cursor(page.last, scope)


def read_doctor(deps: RecordDeps, actor: Actor, account: str) -> Colleague:
    """Return one doctor. Raises NotFound, also for those who are not approved, and for other roles."""
    require_approved(actor)
    credentials = deps.accounts.get(parse_id(account))
    if credentials is None or not is_working_doctor(credentials.account):
        raise NotFound
    return with_departments(deps, [credentials.account])[0]


def is_working_doctor(account: Account) -> bool:
    """Tell whether an account is a doctor whom patients may be sent to."""
    return account.role is Role.DOCTOR and account.is_active and account.is_approved


def with_departments(deps: RecordDeps, accounts: Sequence[Account]) -> list[Colleague]:
    """Return doctors with the open departments that they work in."""
    works_in = deps.members.departments([account.id for account in accounts])
    department_ids = sorted({number for departments in works_in.values() for number in departments})
    departments_by_id = {department.id: department for department in deps.departments.get_many(department_ids)}
    return [
        Colleague(
            account,
            [
                departments_by_id[number]
                for number in sorted(works_in.get(account.id, ()))
                if number in departments_by_id
            ],
        )
        for account in accounts
    ]


def list_patients(deps: RecordDeps, actor: Actor, request: PageRequest) -> tuple[list[Account], str | None]:
    """Return part of the patients who let a doctor in or are in one of their departments, who came last first.

    A place in a list is no permission: what opens a patient's data is read anew, so a page may be shorter.
    """
    scope = f"patients-of:{actor.account_id}"
    departments = actor.departments if actor.is_approved else frozenset[int]()
    page_range = deps.tokens.page_range(request, scope)
    page = deps.members.patients_of(actor.account_id, departments, deps.now(), page_range)
    grants = deps.access.read_grants(actor, Action.READ_PATIENT, [place.patient_id for place in page.items])
    patient_ids = [place.patient_id for place in page.items if _stands_for(place, grants.get(place.patient_id))]
    accounts = deps.accounts.get_many(list(dict.fromkeys(patient_ids)))
    deps.access.log_listed(actor, Action.READ_PATIENT, [account.id for account in accounts], "patient")
    return accounts, deps.tokens.next_cursor(page.last, scope)


def _stands_for(place: DepartmentPatient, grant: Grant | None) -> bool:
    """Tell whether this is the place that what opens the patient's data stands for: another one would be a second."""
    if grant is None:
        return False
    return place.is_link if grant.relation is Relation.CARE_LINK else grant.department_id in place.departments


def read_patient(deps: RecordDeps, actor: Actor, account: str) -> Account:
    """Return one patient. Raises NotFound, also for a stranger."""
    patient_id = parse_id(account)
    credentials = deps.accounts.get(patient_id) if actor.is_admin else None
    if actor.is_admin and credentials is None:
        raise NotFound
    deps.access.require(actor, Action.READ_PATIENT, patient_id, ResourceRef("patient", patient_id))
    credentials = credentials or deps.accounts.get(patient_id)
    if credentials is None or credentials.account.role is not Role.PATIENT:
        raise NotFound
    return credentials.account
