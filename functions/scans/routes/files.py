"""Files that people look at (contract B)."""

from functions.scans.schemas.scans import ImageQuery
from functions.scans.usecases import files
from functions.scans.usecases.dependencies import ScanDeps
from scanward.stores.s3 import StoredObject
from scanward.web.families import Family
from scanward.web.routes import Binary, Call, Routes

routes = Routes[ScanDeps]("files", Family.ENVELOPE)
# Asked for anew each time: at a clinic the next person at this browser is another.
_PRIVATE = {"Cache-Control": "private, no-cache"}


@routes.get("/files/images/{scan_id}", "image/jpeg", query=ImageQuery)
def read_image(call: Call[None], deps: ScanDeps) -> Binary:
    """Show the image as a JPEG to look at, or lead to the file as it was uploaded."""
    scan = call.path["scan_id"]
    if call.query.original:
        return _redirect(files.link_original(deps, call.actor, scan))
    if call.query.deidentified:
        return _redirect(files.link_deidentified(deps, call.actor, scan, with_text=call.query.text == "kept"))
    return _inline(files.read_image(deps, call.actor, scan, call.if_none_match), "image/jpeg", call.if_none_match)


@routes.get("/files/heatmaps/{task_id}", "image/png")
def read_heatmap(call: Call[None], deps: ScanDeps) -> Binary:
    """Show where the model looked, over the image."""
    content = files.read_heatmap(deps, call.actor, call.path["task_id"], call.if_none_match)
    return _inline(content, "image/png", call.if_none_match)


def _inline(content: StoredObject | None, content_type: str, etag: str | None) -> Binary:
    if content is None:
        return Binary(b"", content_type, {**_PRIVATE, "ETag": etag or ""}, status=304)
    return Binary(content.content, content_type, {**_PRIVATE, "ETag": content.etag})


def _redirect(address: str) -> Binary:
    # The address opens the file for everyone who has it: no cache may keep it.
    return Binary(b"", "text/plain", {"Cache-Control": "no-store", "Location": address}, status=302)
