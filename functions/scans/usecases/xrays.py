"""X-rays as contract E knows them, and what doctors read in them."""

from collections.abc import Sequence

from functions.scans.usecases.dependencies import Imaging
from functions.scans.usecases.paging import Window
from functions.scans.usecases.scans import list_scans, reach, read_scan
from scanward.domain.accounts import Actor
from scanward.domain.policy import Action
from scanward.domain.scans import DoctorsReading, Scan
from scanward.errors import NotFound


def of(imaging: Imaging, scan_id: int) -> Scan:
    """The scan that the actor has just uploaded."""
    found = imaging.scans.get(scan_id)
    if found is None:
        raise NotFound
    return found


def list_xrays(imaging: Imaging, actor: Actor, user: str, window: Window) -> tuple[Sequence[Scan], str | None]:
    """A patient's scans, whichever way they came. Raises NotFound, also for a stranger's."""
    return list_scans(imaging, actor, user, window)


def read_xray(imaging: Imaging, actor: Actor, xray: str) -> Scan:
    """One scan."""
    return read_scan(imaging, actor, xray)


def write_reading(imaging: Imaging, actor: Actor, xray: str, text: str) -> Scan:
    """What a doctor reads in the image, over what was read there before; the model's result stays as it is."""
    found = reach(imaging, actor, Action.WRITE_READING, xray)
    return imaging.scans.set_reading(found.id, DoctorsReading(text, actor.account_id, imaging.now()))
