"""Uploading an image: with the request, or straight to S3."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.orders import AcceptedOrder, Draft, OrderRequest, complete_order, place_order
from scanward.domain import tasks
from scanward.domain.accounts import Actor
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.ids import parse_id
from scanward.domain.image_formats import CONTENT_TYPE_OF, ImageFormat
from scanward.domain.object_keys import upload_key
from scanward.domain.orders import Order
from scanward.domain.policy import Action
from scanward.domain.scans import Reading, Scan, UploadDescription
from scanward.errors import Conflict, NotFound, TooManyRequests
from scanward.security.access import ResourceRef
from scanward.stores.s3 import PresignedPost
from scanward.stores.scans import IdempotencyWrite


@dataclass(frozen=True, slots=True)
class UploadCommand:
    """What the uploader says. `patient`: whose image it is, by either spelling of the id; the uploader's if None.

    `reading`: a doctor's own. `timed`: whether to say how long it may take.
    """

    order: Order
    patient: str | None = None
    description: UploadDescription | None = None
    reading: str | None = None
    estimates_time: bool = False


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """An image, and the format that its first bytes show."""

    content: bytes
    kind: ImageFormat


def upload(
    deps: ScanDeps,
    actor: Actor,
    image: UploadedImage,
    command: UploadCommand,
    idempotency_key: IdempotencyKey | None = None,
) -> AcceptedOrder[Scan]:
    """Keep an image and start its analysis.

    The object is put last: without it the task waits, and the sweeper ends it, so nothing is stored half.
    """
    patient_id = _patient_of(deps, actor, command)
    accepted_order = _place_order(
        deps,
        OrderRequest(actor, command.order, idempotency_key, estimates_time=command.estimates_time),
        command,
        patient_id,
    )
    if accepted_order.is_incomplete:
        key = upload_key(accepted_order.priority, accepted_order.scan_id, accepted_order.task_id)
        deps.objects.put(key, image.content, CONTENT_TYPE_OF[image.kind])
        complete_order(deps, idempotency_key)
    return accepted_order


def begin_upload(
    deps: ScanDeps,
    actor: Actor,
    content_type: str,
    command: UploadCommand,
    idempotency_key: IdempotencyKey | None = None,
) -> tuple[AcceptedOrder[Scan], PresignedPost]:
    """Return a scan whose image the client sends straight to S3; its arrival starts the analysis.

    Raises TooManyRequests, IdempotencyKeyReused, InProgress, and Conflict when a replay comes after the form has ended.
    """
    patient_id = _patient_of(deps, actor, command)
    counted_at = _count_upload(deps, actor, idempotency_key)
    accepted_order = _place_order(
        deps, OrderRequest(actor, command.order, idempotency_key, is_complete=True), command, patient_id
    )
    if accepted_order.new_item is None and counted_at:  # a replay begins nothing
        deps.counts.uncount(actor.account_id, counted_at)
    # A replay's form ends when the first one does.
    left = accepted_order.begun_at + tasks.UPLOAD_WINDOW - deps.now()
    if left <= timedelta(seconds=1):
        raise Conflict("The time for this upload is over; begin another with another key")
    key = upload_key(accepted_order.priority, accepted_order.scan_id, accepted_order.task_id)
    return accepted_order, deps.objects.presigned_post(key, content_type, int(left.total_seconds()))


def _count_upload(deps: ScanDeps, actor: Actor, idempotency_key: IdempotencyKey | None) -> datetime | None:
    """Return when one more upload was counted; None for a replay over the limit, which goes on.

    Raises TooManyRequests.
    """
    now = deps.now()
    try:
        deps.counts.count(actor.account_id, now)
    except TooManyRequests:
        # Only now: most keys are new, and looking each up would cost them a round trip.
        if idempotency_key is None or deps.idempotency.find(idempotency_key, now) is None:
            raise
        return None
    return now


def _patient_of(deps: ScanDeps, actor: Actor, command: UploadCommand) -> int:
    """Return the patient whose image it is. Raises NotFound, NotAllowed unless the actor may upload for them."""
    patient_id = parse_id(command.patient) if command.patient else actor.account_id
    # Who may say what an image shows may upload it too.
    action = Action.WRITE_READING if command.reading else Action.UPLOAD_SCAN
    deps.access.require(actor, action, patient_id, ResourceRef("patient", patient_id))
    if actor.is_admin and not deps.sessions.is_active(patient_id):  # others have a link to an account that is there
        raise NotFound
    return patient_id


def _place_order(deps: ScanDeps, taking: OrderRequest, command: UploadCommand, patient_id: int) -> AcceptedOrder[Scan]:
    actor = taking.actor

    def keep(draft: Draft, beside: IdempotencyWrite) -> Scan:
        task = tasks.create(
            id=draft.task_id,
            scan_id=draft.scan_id,
            patient_id=patient_id,
            now=draft.now,
            order=draft.order,
            requested_by=actor.account_id,
        )
        scan = Scan(
            id=draft.scan_id,
            patient_id=patient_id,
            uploaded_by=actor.account_id,
            task_id=draft.task_id,
            object_key=task.object_key,
            scan_type=command.order.scan_type,
            status=task.status,
            created_at=draft.now,
            description=command.description,
            reading=Reading(command.reading, actor.account_id, draft.now) if command.reading else None,
        )
        deps.scans.add(scan, task, beside)
        return scan

    return place_order(deps, taking, keep)
