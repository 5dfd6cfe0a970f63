"""X-rays as contract E knows them, and what doctors read in them."""

from collections.abc import Sequence
from dataclasses import replace

from functions.scans.usecases.accepting import Accepted
from functions.scans.usecases.dependencies import Imaging
from functions.scans.usecases.scans import list_scans, reach, read_scan
from scanward.domain.accounts import Actor
from scanward.domain.policy import Action, Relation, Resource, allows
from scanward.domain.scans import DoctorsReading, Scan
from scanward.domain.windows import Window
from scanward.errors import NotFound

READINGS_SHOWN = 50


def of(imaging: Imaging, accepted: Accepted[Scan]) -> Scan:
    """The scan that the actor has uploaded, now or with an earlier request of the same key."""
    found = accepted.kept or imaging.scans.get(accepted.scan_id)
    if found is None:
        raise NotFound
    return found


def list_xrays(imaging: Imaging, actor: Actor, user: str, window: Window) -> tuple[Sequence[Scan], str | None]:
    """A patient's scans, whichever way they came. Raises NotFound, also for a stranger's."""
    found, cursor = list_scans(imaging, actor, user, window)
    return [_shown(actor, scan) for scan in found], cursor


def read_xray(imaging: Imaging, actor: Actor, xray: str) -> Scan:
    """One scan."""
    return _shown(actor, read_scan(imaging, actor, xray))


def write_reading(imaging: Imaging, actor: Actor, xray: str, text: str) -> Scan:
    """What a doctor reads in the image; what was read before is kept, and the model's result stays as it is."""
    found = reach(imaging, actor, Action.WRITE_READING, xray)
    reading = DoctorsReading(text, actor.account_id, imaging.now())
    imaging.scans.set_reading(found.id, reading)
    return replace(found, reading=reading)


def readings(imaging: Imaging, actor: Actor, xray: str) -> Sequence[DoctorsReading]:
    """What doctors have read in the image, the newest first; at most fifty."""
    found = reach(imaging, actor, Action.READ_READING, xray)
    return imaging.lists.readings_of(found.id, READINGS_SHOWN)


def _shown(actor: Actor, scan: Scan) -> Scan:
    """A lab sees images, and not what doctors say of them."""
    may = allows(actor, Action.READ_READING, Resource(scan.patient_id, Relation.CARE_LINK))
    return scan if may else replace(scan, reading=None)
