"""Uploads and scans (contract B)."""

from collections.abc import Mapping

from functions.scans.schemas.scans import ScanOut, ScansQuery, TaskOut
from functions.scans.schemas.uploads import (
    AgainOut,
    FormOut,
    OrderBody,
    UploadBody,
    UploadOut,
    UploadStart,
    UploadStartOut,
)
from functions.scans.usecases import scans, tasks, uploads
from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.uploads import UploadedImage
from scanward.domain.image_formats import explain_refusal, format_of
from scanward.errors import InvalidFields
from scanward.web.bodies import File
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import Call, Media, Page, Routes


def one_image(files: Mapping[str, File], field: str) -> UploadedImage:
    """Return the image. Raises InvalidFields unless the form has this file and no other, of an accepted format."""
    if set(files) != {field}:
        raise InvalidFields({field: [f"Send one file, in the field called {field}."]})
    content = files[field].content
    kind = format_of(content)
    if kind is None:
        raise InvalidFields({field: [explain_refusal(content) if content else "The file is empty."]})
    return UploadedImage(content, kind)


routes = Routes[ScanDeps]("scans", Family.ENVELOPE)


@routes.post("/scans", UploadOut, UploadBody, media=(Media.MULTIPART,), files=("file",), idempotent=True)
def upload(call: Call[UploadBody], deps: ScanDeps) -> UploadOut:
    """Upload an image of up to 4,400,000 bytes; its analysis starts at once."""
    image = one_image(call.files, "file")
    return UploadOut.from_domain(
        uploads.upload(
            deps=deps,
            actor=call.actor,
            image=image,
            command=call.body.to_command(),
            idempotency_key=call.idempotency_key,
        )
    )


@routes.post("/scans/uploads", UploadStartOut, UploadStart, idempotent=True)
def begin_upload(call: Call[UploadStart], deps: ScanDeps) -> UploadStartOut:
    """Begin an upload of up to 50 MB straight to S3; its analysis starts when the file has come."""
    command, kind = call.body.to_command(), call.body.content_type
    accepted_order, form = uploads.begin_upload(
        deps=deps, actor=call.actor, content_type=kind, command=command, idempotency_key=call.idempotency_key
    )
    return UploadStartOut.from_domain(accepted_order, upload=FormOut.from_domain(form))


@routes.get("/scans", list[ScanOut], query=ScansQuery)
def list_scans(call: Call[None], deps: ScanDeps) -> Page:
    """List one's own scans, or those of a patient in one's care, newest first."""
    visible_scans, cursor = scans.list_scans(deps, call.actor, call.query.patient_id, call.query.page_request())
    return Page([ScanOut.from_domain(scan) for scan in visible_scans], cursor)


@routes.get("/scans/{scan_id}", ScanOut)
def read_scan(call: Call[None], deps: ScanDeps) -> ScanOut:
    """Read a scan and its result."""
    return ScanOut.from_domain(scans.read_scan(deps, call.actor, call.path["scan_id"]))


@routes.delete("/scans/{scan_id}", MessageOut)
def delete_scan(call: Call[None], deps: ScanDeps) -> MessageOut:
    """Remove a scan with its image, its analyses and all that was made of it."""
    scans.delete_scan(deps, call.actor, call.path["scan_id"])
    return MessageOut(message="Scan removed")


@routes.get("/scans/{scan_id}/analyses", list[TaskOut])
def list_analyses(call: Call[None], deps: ScanDeps) -> list[TaskOut]:
    """List every analysis of a scan, the newest first."""
    return [TaskOut.from_domain(task) for task in scans.list_analyses(deps, call.actor, call.path["scan_id"])]


@routes.post("/scans/{scan_id}/analyses", AgainOut, OrderBody, body_optional=True, idempotent=True)
def analyse_again(call: Call[OrderBody], deps: ScanDeps) -> AgainOut:
    """Order another analysis of a stored scan; earlier ones stay as they are."""
    accepted_order = tasks.reanalyse(
        deps=deps,
        actor=call.actor,
        scan_id=call.path["scan_id"],
        order=call.body.to_order(),
        idempotency_key=call.idempotency_key,
    )
    return AgainOut.from_domain(accepted_order, estimated_time=accepted_order.estimated_time)
