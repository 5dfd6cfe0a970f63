"""Uploads, scans, tasks and files of contract B."""

from functions.scans import usecases
from functions.scans.schemas import ScanOut, TaskOut, Upload, UploadOut, UploadStart, UploadStartOut
from functions.scans.usecases import Imaging
from scanward.domain.ids import to_uuid
from scanward.errors import InvalidFields
from scanward.web.call import Binary, Call
from scanward.web.families import Family
from scanward.web.routes import Media, Routes

routes = Routes[Imaging]("scans", Family.ENVELOPE)


@routes.post("/scans", UploadOut, Upload, media=(Media.MULTIPART,), files=("file",))
def upload(call: Call[Upload], imaging: Imaging) -> UploadOut:
    """Upload an image of up to 4,400,000 bytes; its analysis starts at once."""
    if set(call.files) != {"file"}:
        raise InvalidFields({"file": ["Send one file, in the field called file."]})
    accepted = usecases.upload(imaging, call.actor, call.files["file"].content)
    return UploadOut(
        scan_id=to_uuid(accepted.scan.id), task_id=to_uuid(accepted.task.id), task_token=accepted.task_token
    )


@routes.post("/scans/uploads", UploadStartOut, UploadStart)
def begin_upload(call: Call[UploadStart], imaging: Imaging) -> UploadStartOut:
    """Begin an upload of up to 50 MB straight to S3; its analysis starts when the file has come."""
    accepted, form = usecases.begin_upload(imaging, call.actor, call.body.content_type)
    return UploadStartOut.of(accepted.scan.id, accepted.task.id, accepted.task_token, form)


@routes.get("/scans/{scan_id}", ScanOut)
def read_scan(call: Call[None], imaging: Imaging) -> ScanOut:
    """A scan and its result."""
    return ScanOut.of(usecases.read_scan(imaging, call.actor, call.path["scan_id"]))


@routes.get("/tasks/status/{task_id}", TaskOut)
def task_status(call: Call[None], imaging: Imaging) -> TaskOut:
    """Where a task is, by its id or its token."""
    return TaskOut.of(usecases.read_task(imaging, call.actor, call.path["task_id"]))


@routes.get("/files/images/{scan_id}", "image/jpeg")
def image(call: Call[None], imaging: Imaging) -> Binary:
    """The image as a JPEG to look at."""
    return Binary(usecases.image(imaging, call.actor, call.path["scan_id"]), "image/jpeg", _PRIVATE)


@routes.get("/files/heatmaps/{task_id}", "image/png")
def heatmap(call: Call[None], imaging: Imaging) -> Binary:
    """Where the model looked, over the image."""
    return Binary(usecases.heatmap(imaging, call.actor, call.path["task_id"]), "image/png", _PRIVATE)


_PRIVATE = {"Cache-Control": "private, max-age=300"}
