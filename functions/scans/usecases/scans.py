"""Reading, listing and removing scans; X-rays as contract E shows them, and the readings of doctors."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.paging import page
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

MAX_ANALYSES = 100


def get_authorized(imaging: ScanDeps, actor: Actor, action: Action, scan: str) -> Scan:
    """The scan of either spelling of its id, for an action on it. Raises NotFound, also for a stranger's."""
    found = imaging.scans.get(parse_id(scan))
    if found is None:
        raise NotFound
    imaging.access.require(actor, action, found.patient_id, ResourceRef("scan", found.id))
    return found


def read_scan(imaging: ScanDeps, actor: Actor, scan: str) -> Scan:
    """A scan. Raises NotFound, also for a stranger's."""
    return get_authorized(imaging, actor, Action.READ_SCAN, scan)


def list_scans(
    imaging: ScanDeps, actor: Actor, patient: str | None, window: PageRequest
) -> tuple[Sequence[Scan], str | None]:
    """One's own scans, or a patient's, and the cursor of the next page. Raises NotFound, InvalidCursor."""
    patient_id = parse_id(patient) if patient else actor.account_id
    imaging.access.require(actor, Action.READ_SCAN, patient_id, ResourceRef("scans", patient_id))
    ids, cursor = page(
        imaging.tokens, f"scans:{patient_id}", window, lambda *at: imaging.lists.scans_of(patient_id, *at)
    )
    return imaging.lists.scans(ids), cursor


def list_analyses(imaging: ScanDeps, actor: Actor, scan: str) -> Sequence[Task]:
    """Every analysis of a scan, the newest first; at most a hundred."""
    found = read_scan(imaging, actor, scan)
    return imaging.lists.tasks(imaging.lists.analyses_of(found.id, MAX_ANALYSES))


def delete_scan(imaging: ScanDeps, actor: Actor, scan: str) -> None:
    """Removes a scan with its tasks, its image and all that was made of it, for good.

    Nothing more is ordered for it from the first step on. Files go before items: after a crash half-way the scan is
    still there, and the same request removes the rest.
    """
    found = get_authorized(imaging, actor, Action.DELETE_SCAN, scan)
    imaging.scans.begin_removal(found.id)
    while ids := imaging.lists.analyses_of(found.id, MAX_ANALYSES):
        tasks = imaging.lists.tasks(ids)
        for task in tasks:
            with suppress(TaskClosed):
                cancel_with_retry(imaging, task)
        _purge(imaging, found)
        imaging.lists.remove_tasks(tasks)
    _purge(imaging, found)
    imaging.lists.remove_scan(found, imaging.now())


def _purge(imaging: ScanDeps, scan: Scan) -> None:
    imaging.purger.purge(derived_prefix(scan.id))
    imaging.purger.purge_image(scan.object_key, scan.object_version)


MAX_READINGS = 50


def read_uploaded(imaging: ScanDeps, accepted: AcceptedOrder[Scan]) -> Scan:
    """The scan that the actor has uploaded, now or with an earlier request of the same key."""
    found = accepted.stored or imaging.scans.get(accepted.scan_id)
    if found is None:
        raise NotFound
    return found


def list_xrays(imaging: ScanDeps, actor: Actor, user: str, window: PageRequest) -> tuple[Sequence[Scan], str | None]:
    """A patient's scans, whichever way they came. Raises NotFound, also for a stranger's."""
    found, cursor = list_scans(imaging, actor, user, window)
    return [_hide_reading(actor, scan) for scan in found], cursor


def read_xray(imaging: ScanDeps, actor: Actor, xray: str) -> Scan:
    """One scan."""
    return _hide_reading(actor, read_scan(imaging, actor, xray))


def write_reading(imaging: ScanDeps, actor: Actor, xray: str, text: str) -> Scan:
    """What a doctor reads in the image; what was read before is kept, and the model's result stays as it is."""
    found = get_authorized(imaging, actor, Action.WRITE_READING, xray)
    reading = Reading(text, actor.account_id, imaging.now())
    imaging.scans.set_reading(found.id, reading)
    return replace(found, reading=reading)


def list_readings(imaging: ScanDeps, actor: Actor, xray: str) -> Sequence[Reading]:
    """What doctors have read in the image, the newest first; at most fifty."""
    found = get_authorized(imaging, actor, Action.READ_READING, xray)
    return imaging.lists.readings_of(found.id, MAX_READINGS)


def _hide_reading(actor: Actor, scan: Scan) -> Scan:
    """A lab sees images, and not what doctors say of them."""
    may = allows(actor, Action.READ_READING, Resource(scan.patient_id, Relation.CARE_LINK))
    return scan if may else replace(scan, reading=None)
