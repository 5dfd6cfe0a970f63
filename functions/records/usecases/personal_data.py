"""A person's own data: exports, and erasure, after which only the access log still names them, without reasons.

Every step of an erasure may be done again after half of it: the account is locked first and removed last, so that an
erasure that ended half-way begins anew. The links of those who care for the person end next, so that no caller who
comes now writes anything more. What was written before is removed ten minutes later, when all of it runs again: no
function of ours takes as long. Sockets end with the sessions that the lock ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import is_working_doctor
from scanward.domain import personal_data
from scanward.domain.accounts import Actor
from scanward.domain.object_keys import account_prefixes, derived_prefix, export_key, exports_prefix
from scanward.domain.personal_data import Export
from scanward.domain.scans import Scan
from scanward.errors import Conflict, Unavailable
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore, LastAdministrator
from scanward.stores.archives import Archives
from scanward.stores.care import CareLinkStore, CareStore
from scanward.stores.departments import DepartmentStore, MembershipStore
from scanward.stores.notifications import NotificationStore
from scanward.stores.patients import ChartStore
from scanward.stores.personal_data import ClinicalTexts, Eraser, ExportStore
from scanward.stores.questions import QuestionStore
from scanward.stores.queues import PersonalDataQueue, RequestKind
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class PersonalDataDeps:
    """All that is kept of a person, wherever it lies. `now` is where time comes from."""

    accounts: AccountStore
    sessions: SessionStore
    scans: ScanStore
    lists: ScanListStore
    links: CareLinkStore
    care: CareStore
    departments: DepartmentStore
    members: MembershipStore
    charts: ChartStore
    texts: ClinicalTexts
    questions: QuestionStore
    notifications: NotificationStore
    access_log: AccessLog
    exports: ExportStore
    objects: ObjectStore
    archives: Archives
    eraser: Eraser
    purger: Purger
    queue: PersonalDataQueue
    now: Callable[[], datetime]


LINK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class ExportLink:
    """An export, and an address that gives it for five minutes once it is packed."""

    export: Export
    url: str | None


def read_export(deps: RecordDeps, actor: Actor) -> ExportLink:
    """Return where the caller's export is; the first look has it packed, as has one after a failure."""
    export = deps.exports.get(actor.account_id)
    if export is None or not export.stands(deps.now()):
        export = _request(deps, actor, export)
    return _export_link(deps, export)


def request_export(deps: RecordDeps, actor: Actor) -> ExportLink:
    """Have a newer export packed, unless one is being packed or was so just now."""
    export = deps.exports.get(actor.account_id)
    if export is None or export.is_replaceable(deps.now()):
        export = _request(deps, actor, export)
    return _export_link(deps, export)


def _request(deps: RecordDeps, actor: Actor, before: Export | None) -> Export:
    now = deps.now()
    export = personal_data.request_export(actor.account_id, deps.fresh_id(now), now)
    try:
        deps.exports.begin(before, export)
        return _enqueue(deps, export)
    except Conflict as error:
        current = deps.exports.get(actor.account_id)
        if current is None:
            raise Unavailable from error
        return current


def _enqueue(deps: RecordDeps, export: Export) -> Export:
    """Tell the packer; it FAILED when that cannot be told. Raises Conflict when it was told all the same."""
    try:
        deps.personal_data.enqueue(RequestKind.EXPORT, export.account_id)
    except Unavailable:
        export = personal_data.fail_export(export, deps.now())
        deps.exports.give_up(export)
    return export


def _export_link(deps: RecordDeps, export: Export) -> ExportLink:
    key = export_key(export.account_id, export.id)
    return ExportLink(
        export, deps.objects.link(key, None, LINK_SECONDS, "application/zip") if export.is_ready else None
    )


REPEAT_AFTER = timedelta(minutes=10)


def erase_account(deps: PersonalDataDeps, account_id: int) -> str:
    """Erase all that is kept of an account, there or removed already. What was done, in words for a log."""
    try:
        deps.accounts.lock(account_id, deps.now())
    except LastAdministrator:
        return "kept: the last administrator stays"
    deps.eraser.care(account_id)
    settle_questions(deps, account_id)
    _leave_departments(deps, account_id)
    _erase_scans(deps, account_id)
    deps.texts.delete_all(account_id)
    deps.eraser.clinic(account_id)
    deps.eraser.reasons(account_id)
    deps.archives.abandon_all(exports_prefix(account_id))
    for prefix in account_prefixes(account_id):
        deps.purger.purge(prefix)
    if deps.eraser.knows(account_id):  # only then, or it would be asked for again for ever
        deps.queue.enqueue(RequestKind.ERASURE, account_id, REPEAT_AFTER)
    deps.accounts.remove(account_id)
    deps.eraser.account(account_id)
    return "erased"


def settle_questions(deps: PersonalDataDeps, doctor_id: int) -> str:
    """Give questions that wait for a doctor who cannot answer back to their patients, or to a doctor who can again.

    A question was meant for its doctor: who reads it next is the patient's to say. What was done, in words for a log.
    """
    works = _is_at_work(deps, doctor_id)
    for last in (False, False, True):
        for question in deps.questions.waiting_for(doctor_id):
            if works and question.doctor_left_at:
                deps.questions.clear_doctor_left(question)
            elif not works and question.doctor_left_at is None:
                deps.questions.set_doctor_left(question, deps.now(), deps.notifications)
        before, works = works, _is_at_work(deps, doctor_id)
        if works is before:
            return "doctor can answer" if works else "given back to patients"
        if last:
            break
    raise Conflict  # an administrator's mind changes faster than this: it is tried again


def _is_at_work(deps: PersonalDataDeps, doctor_id: int) -> bool:
    credentials = deps.accounts.get(doctor_id)
    return credentials is not None and is_working_doctor(credentials.account)


def _leave_departments(deps: PersonalDataDeps, account_id: int) -> None:
    for member in deps.members.of_patient(account_id):
        deps.members.discharge(member)
    for department_id in deps.members.departments([account_id]).get(account_id, ()):
        deps.members.dismiss(department_id, account_id)


def _erase_scans(deps: PersonalDataDeps, account_id: int) -> None:
    """Erase an account's scans until no more come: an upload that was let in before may end meanwhile."""
    seen_ids = set[int]()
    while ids := set(deps.eraser.scan_ids(account_id)) - seen_ids:
        for number in sorted(ids):
            scan = deps.scans.get(number, include_removing=True)
            if scan:
                _erase_scan(deps, scan)
        seen_ids |= ids
    deps.eraser.scans(account_id)


SLICE = timedelta(minutes=3)  # of the function's five


def finish_removal(deps: PersonalDataDeps, scan_id: int) -> str:
    """Remove what is left of a scan whose removal has begun, in slices. What was done, in words for a log."""
    scan = deps.scans.get(scan_id, include_removing=True)
    if scan is None:
        return "gone"
    if deps.scans.get(scan_id):
        return "not being removed"
    if _erase_scan(deps, scan, deps.now() + SLICE):
        return "removed"
    deps.queue.enqueue(RequestKind.SCAN, scan_id)
    return "removed in part"


def _erase_scan(deps: PersonalDataDeps, scan: Scan, until: datetime | None = None) -> bool:
    """Erase a scan, its tasks first, so that none that is at work can show its result; the place in the list last.

    A worker that is at it finds that the scan is being removed, and takes its files away again. False when it was not
    done `until` then: what is left is found again.
    """
    deps.scans.begin_removal(scan.id)
    for number in deps.eraser.task_ids(scan.id):
        task = deps.scans.task(number)
        if task:
            deps.lists.remove_tasks([task])
        deps.eraser.task(number)
        if until and deps.now() > until:
            return False
    deps.purger.purge(derived_prefix(scan.id))
    deps.purger.purge_image(scan.object_key, scan.object_version)
    deps.lists.remove_scan(scan, deps.now())
    return True
