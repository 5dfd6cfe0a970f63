"""Uploading, reading scans and following tasks: over stores, without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.clock import fresh_token
from scanward.domain import tasks
from scanward.domain.accounts import Actor
from scanward.domain.claims import Claims, TokenType
from scanward.domain.ids import parse_id
from scanward.domain.images import CONTENT_TYPE_OF, ImageFormat, format_of
from scanward.domain.policy import Action, Resource, allows
from scanward.domain.scans import Lane, Scan, ScanType, heatmap_key, preview_key
from scanward.domain.tasks import Task, TaskStatus
from scanward.errors import Conflict, InvalidFields, NotAllowed, NotFound
from scanward.security.tokens import Tokens
from scanward.stores.objects import ObjectStore, PresignedPost
from scanward.stores.scans import ScanStore

NEW_ID_TRIES = 3


@dataclass(frozen=True, slots=True)
class Imaging:
    """What the use-cases work with. `now` and `fresh_id` are where time and chance come from."""

    scans: ScanStore
    objects: ObjectStore
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A new scan with its task, and the token that follows the task."""

    scan: Scan
    task: Task
    task_token: str


def upload(imaging: Imaging, actor: Actor, content: bytes) -> Accepted:
    """Keeps an image and starts its analysis. Raises InvalidFields unless it is of an accepted format.

    The object is put last: without it the task waits, and the sweeper ends it, so nothing is stored half.
    """
    kind = format_of(content)
    if kind is None:
        raise InvalidFields({"file": [_not_an_image(content)]})
    accepted = _accept(imaging, actor)
    imaging.objects.put(accepted.scan.object_key, content, CONTENT_TYPE_OF[kind])
    return accepted


def begin_upload(imaging: Imaging, actor: Actor, content_type: str) -> tuple[Accepted, PresignedPost]:
    """A scan whose image the client sends straight to S3; its arrival starts the analysis."""
    accepted = _accept(imaging, actor)
    seconds = int(tasks.UPLOAD_WINDOW.total_seconds())
    return accepted, imaging.objects.presigned_post(accepted.scan.object_key, content_type, seconds)


def read_scan(imaging: Imaging, actor: Actor, scan: str) -> Scan:
    """The scan of either spelling of its id. Raises NotFound, also for somebody else's."""
    found = imaging.scans.get(parse_id(scan))
    if found is None or not allows(actor, Action.READ_SCAN, Resource(found.patient_id)):
        raise NotFound
    return found


def read_task(imaging: Imaging, actor: Actor, task: str) -> Task:
    """The task of a task id in either spelling, or of a task token. Raises NotFound, also for somebody else's."""
    found = imaging.scans.task(imaging.tokens.task_id(task))
    if found is None or not allows(actor, Action.READ_TASK, Resource(found.patient_id)):
        raise NotFound
    return found


def image(imaging: Imaging, actor: Actor, scan: str) -> bytes:
    """The JPEG preview of a scan, made at the beginning of its analysis. Raises NotFound until then."""
    return imaging.objects.get(preview_key(read_scan(imaging, actor, scan).id))


def heatmap(imaging: Imaging, actor: Actor, task: str) -> bytes:
    """The PNG that shows where the model looked. Raises NotFound unless the task is completed."""
    found = read_task(imaging, actor, task)
    if found.status is not TaskStatus.COMPLETED:
        raise NotFound
    return imaging.objects.get(heatmap_key(found.scan_id, found.id))


def _accept(imaging: Imaging, actor: Actor) -> Accepted:
    if not allows(actor, Action.UPLOAD_SCAN, Resource(actor.account_id)):
        raise NotAllowed
    for attempt in range(NEW_ID_TRIES):
        scan, task = _new(imaging, actor)
        try:
            imaging.scans.add(scan, task)
            break
        except Conflict:  # an id was in use: one chance in 4,096 for two uploads in the same millisecond
            if attempt == NEW_ID_TRIES - 1:
                raise
    claims = Claims(actor.account_id, actor.session_id, fresh_token(), task.id)
    return Accepted(scan, task, imaging.tokens.issue(TokenType.TASK, claims))


def _new(imaging: Imaging, actor: Actor) -> tuple[Scan, Task]:
    now = imaging.now()
    scan_id, task_id = imaging.fresh_id(now), imaging.fresh_id(now)
    task = tasks.create(task_id, scan_id, actor.account_id, now)
    scan = Scan(
        id=scan_id,
        patient_id=actor.account_id,
        uploaded_by=actor.account_id,
        task_id=task_id,
        lane=Lane.MEDIUM,
        scan_type=ScanType.XRAY,
        status=task.status,
        created_at=now,
    )
    return scan, task


def _not_an_image(content: bytes) -> str:
    accepted = ", ".join(ImageFormat)
    return f"This is not an image of an accepted format ({accepted})." if content else "The file is empty."
