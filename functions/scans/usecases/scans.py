"""Reading, listing and removing scans."""

from collections.abc import Sequence
from contextlib import suppress

from functions.scans.usecases.dependencies import Imaging
from functions.scans.usecases.paging import page
from functions.scans.usecases.tasks import called_off
from scanward.domain.accounts import Actor
from scanward.domain.ids import parse_id
from scanward.domain.places import derived_prefix
from scanward.domain.policy import Action
from scanward.domain.scans import Scan
from scanward.domain.task_refusals import TaskClosed
from scanward.domain.tasks import Task
from scanward.domain.windows import Window
from scanward.errors import NotFound
from scanward.security.access import Thing

ANALYSES_SHOWN = 100


def reach(imaging: Imaging, actor: Actor, action: Action, scan: str) -> Scan:
    """The scan of either spelling of its id, for an action on it. Raises NotFound, also for a stranger's."""
    found = imaging.scans.get(parse_id(scan))
    if found is None:
        raise NotFound
    imaging.access.require(actor, action, found.patient_id, Thing("scan", found.id))
    return found


def read_scan(imaging: Imaging, actor: Actor, scan: str) -> Scan:
    """A scan. Raises NotFound, also for a stranger's."""
    return reach(imaging, actor, Action.READ_SCAN, scan)


def list_scans(
    imaging: Imaging, actor: Actor, patient: str | None, window: Window
) -> tuple[Sequence[Scan], str | None]:
    """One's own scans, or a patient's, and the cursor of the next page. Raises NotFound, InvalidCursor."""
    patient_id = parse_id(patient) if patient else actor.account_id
    imaging.access.require(actor, Action.READ_SCAN, patient_id, Thing("scans", patient_id))
    ids, cursor = page(
        imaging.tokens, f"scans:{patient_id}", window, lambda *at: imaging.lists.scans_of(patient_id, *at)
    )
    return imaging.lists.scans(ids), cursor


def analyses(imaging: Imaging, actor: Actor, scan: str) -> Sequence[Task]:
    """Every analysis of a scan, the newest first; at most a hundred."""
    found = read_scan(imaging, actor, scan)
    return imaging.lists.tasks(imaging.lists.analyses_of(found.id, ANALYSES_SHOWN))


def delete_scan(imaging: Imaging, actor: Actor, scan: str) -> None:
    """Removes a scan with its tasks, its image and all that was made of it, for good.

    Nothing more is ordered for it from the first step on. Files go before items: after a crash half-way the scan is
    still there, and the same request removes the rest.
    """
    found = reach(imaging, actor, Action.DELETE_SCAN, scan)
    imaging.scans.begin_removal(found.id)
    while ids := imaging.lists.analyses_of(found.id, ANALYSES_SHOWN):
        tasks = imaging.lists.tasks(ids)
        for task in tasks:
            with suppress(TaskClosed):
                called_off(imaging, task)
        _purge(imaging, found)
        imaging.lists.remove_tasks(tasks)
    _purge(imaging, found)
    imaging.lists.remove_scan(found, imaging.now())


def _purge(imaging: Imaging, scan: Scan) -> None:
    imaging.purger.purge(derived_prefix(scan.id))
    imaging.purger.purge_image(scan.object_key, scan.object_version)
