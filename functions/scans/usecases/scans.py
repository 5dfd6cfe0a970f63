"""Reading, listing and removing scans; X-rays as contract E shows them, and the readings of doctors."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.tasks import cancel_with_retry
from scanward.domain.accounts import Actor
from scanward.domain.ids import parse_id
from scanward.domain.object_keys import derived_prefix
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action, Relation, Resource, allows
from scanward.domain.scans import Reading, Scan
from scanward.domain.tasks import Task, TaskClosed
from scanward.errors import NotFound
from scanward.security.access import ResourceRef
from scanward.stores.queues import RequestKind

MAX_ANALYSES = 100
REMOVAL_TIME = timedelta(seconds=10)  # of the function's 29
FINISH_AFTER = timedelta(minutes=1)  # longer than any call of ours takes


def get_authorized(
    deps: ScanDeps, actor: Actor, action: Action, scan_id: str, *, include_removing: bool = False
) -> Scan:
    """Return the scan of either spelling of its id, for an action on it. Raises NotFound, also for a stranger's."""
    scan = deps.scans.get(parse_id(scan_id), include_removing=include_removing)
    if scan is None:
        raise NotFound
    deps.access.require(actor, action, scan.patient_id, ResourceRef("scan", scan.id))
    return scan


def read_scan(deps: ScanDeps, actor: Actor, scan_id: str) -> Scan:
    """Return a scan. Raises NotFound, also for a stranger's."""
    return get_authorized(deps, actor, Action.READ_SCAN, scan_id)


def list_scans(
    deps: ScanDeps, actor: Actor, patient: str | None, request: PageRequest
) -> tuple[Sequence[Scan], str | None]:
    """Return one's own scans, or a patient's, and the cursor of the next page. Raises NotFound, InvalidCursor."""
    patient_id = parse_id(patient) if patient else actor.account_id
    deps.access.require(actor, Action.READ_SCAN, patient_id, ResourceRef("scans", patient_id))
    scope = f"scans:{patient_id}"
    page = deps.lists.scans_of(patient_id, deps.tokens.page_range(request, scope))
    return deps.lists.scans(page.items), deps.tokens.next_cursor(page.last, scope)


def list_analyses(deps: ScanDeps, actor: Actor, scan_id: str) -> Sequence[Task]:
    """Return every analysis of a scan, the newest first; at most a hundred."""
    scan = read_scan(deps, actor, scan_id)
    return deps.lists.tasks(deps.lists.analyses_of(scan.id, MAX_ANALYSES))


def delete_scan(deps: ScanDeps, actor: Actor, scan_id: str) -> None:
    """Remove a scan with its tasks, its image and all that was made of it, for good.

    From the first step on it is there for nobody, and nothing more is ordered for it. That the rest is removed is asked
    for before it: if that fails, the scan is as it was; whatever fails behind it, or takes too long for a request, the
    queue of personal data finishes, or the same request.
    """
    scan = get_authorized(deps, actor, Action.DELETE_SCAN, scan_id, include_removing=True)
    deps.personal_data.enqueue(RequestKind.SCAN, scan.id, FINISH_AFTER)
    deps.scans.begin_removal(scan.id)
    start = deps.now()
    while ids := deps.lists.analyses_of(scan.id, MAX_ANALYSES):
        tasks = deps.lists.tasks(ids)
        for task in tasks:
            with suppress(TaskClosed):
                cancel_with_retry(deps, task)
        _purge(deps, scan)
        deps.lists.remove_tasks(tasks)
        if deps.now() - start > REMOVAL_TIME:
            return
    _purge(deps, scan)
    deps.lists.remove_scan(scan, deps.now())


def _purge(deps: ScanDeps, scan: Scan) -> None:
    deps.purger.purge(derived_prefix(scan.id))
    deps.purger.purge_image(scan.object_key, scan.object_version)


MAX_READINGS = 50


def read_uploaded(deps: ScanDeps, accepted_order: AcceptedOrder[Scan]) -> Scan:
    """Return the scan that the actor has uploaded, now or with an earlier request of the same key."""
    scan = accepted_order.new_item or deps.scans.get(accepted_order.scan_id)
    if scan is None:
        raise NotFound
    return scan


def list_xrays(deps: ScanDeps, actor: Actor, user: str, request: PageRequest) -> tuple[Sequence[Scan], str | None]:
    """Return a patient's scans, whichever way they came. Raises NotFound, also for a stranger's."""
    scans, cursor = list_scans(deps, actor, user, request)
    return [_hide_reading(actor, scan) for scan in scans], cursor


def read_xray(deps: ScanDeps, actor: Actor, scan_id: str) -> Scan:
    """Return one scan."""
    return _hide_reading(actor, read_scan(deps, actor, scan_id))


def write_reading(deps: ScanDeps, actor: Actor, scan_id: str, text: str) -> Scan:
    """Return what a doctor reads in the image; what was read before is kept, and the model's result stays as it is."""
    scan = get_authorized(deps, actor, Action.WRITE_READING, scan_id)
    reading = Reading(text, actor.account_id, deps.now())
    deps.scans.set_reading(scan.id, reading)
    return replace(scan, reading=reading)


def list_readings(deps: ScanDeps, actor: Actor, scan_id: str) -> Sequence[Reading]:
    """Return what doctors have read in the image, the newest first; at most fifty."""
    scan = get_authorized(deps, actor, Action.READ_READING, scan_id)
    return deps.lists.readings_of(scan.id, MAX_READINGS)


def _hide_reading(actor: Actor, scan: Scan) -> Scan:
    """Return a lab sees images, and not what doctors say of them."""
    may = allows(actor, Action.READ_READING, Resource(scan.patient_id, Relation.CARE_LINK))
    return scan if may else replace(scan, reading=None)
