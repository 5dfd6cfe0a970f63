"""X-rays as contract E shows them: the same scans as in B."""

from functions.scans.routes.scans import one_image
from functions.scans.schemas.xrays import (
    ReadingBody,
    ReadingOut,
    XrayBody,
    XrayOrderOut,
    XrayOut,
    XraysQuery,
    XrayStart,
    XrayStartOut,
)
from functions.scans.usecases import scans, uploads
from functions.scans.usecases.dependencies import ScanDeps
from scanward.errors import InvalidFields
from scanward.web.bodies import Choice
from scanward.web.families import Family
from scanward.web.routes import Call, Media, Page, Routes

routes = Routes[ScanDeps]("xrays", Family.FLAT)
IMAGE = "image_of_xray"
EITHER = Choice("content_type", present=XrayStart, absent=XrayBody)


@routes.post(
    "/api/xrays",
    XrayOrderOut | XrayStartOut,
    EITHER,
    media=(Media.MULTIPART, Media.JSON),
    files=(IMAGE,),
    files_optional=True,
    status=201,
    idempotent=True,
)
def add_xray(call: Call[XrayBody | XrayStart], deps: ScanDeps) -> XrayOrderOut | XrayStartOut:
    """Upload an X-ray: its image in the form, or, with `content_type` instead, straight to S3."""
    command = call.body.to_command(call.actor)
    if isinstance(call.body, XrayStart):
        if call.files:
            raise InvalidFields({IMAGE: ["Send the image, or a content_type to send it straight to S3; not both."]})
        accepted_order, form = uploads.begin_upload(
            deps=deps,
            actor=call.actor,
            content_type=call.body.content_type,
            command=command,
            idempotency_key=call.idempotency_key,
        )
        return XrayStartOut.from_upload(scans.read_uploaded(deps, accepted_order), accepted_order, form)
    accepted_order = uploads.upload(
        deps=deps,
        actor=call.actor,
        image=one_image(call.files, IMAGE),
        command=command,
        idempotency_key=call.idempotency_key,
    )
    return XrayOrderOut.from_order(scans.read_uploaded(deps, accepted_order), accepted_order)


@routes.get("/api/xrays/{user_id}", list[XrayOut], query=XraysQuery)
def list_xrays(call: Call[None], deps: ScanDeps) -> Page:
    """List a patient's X-rays, newest first: one's own, or those of a patient in one's care."""
    visible_scans, cursor = scans.list_xrays(deps, call.actor, call.path["user_id"], call.query.page_request())
    return Page([XrayOut.from_domain(scan) for scan in visible_scans], cursor)


@routes.get("/api/unique_xray/{xray_id}", XrayOut)
def read_xray(call: Call[None], deps: ScanDeps) -> XrayOut:
    """Read one X-ray."""
    return XrayOut.from_domain(scans.read_xray(deps, call.actor, call.path["xray_id"]))


@routes.put("/api/unique_xray/{xray_id}", XrayOut, ReadingBody)
def write_reading(call: Call[ReadingBody], deps: ScanDeps) -> XrayOut:
    """Write down what a doctor reads in it; it is kept beside what the model does."""
    return XrayOut.from_domain(scans.write_reading(deps, call.actor, call.path["xray_id"], call.body.result_of_xray))


@routes.get("/api/unique_xray/{xray_id}/readings", list[ReadingOut])
def list_readings(call: Call[None], deps: ScanDeps) -> list[ReadingOut]:
    """List what doctors have read in it so far, the newest first."""
    return [ReadingOut.from_domain(reading) for reading in scans.list_readings(deps, call.actor, call.path["xray_id"])]
