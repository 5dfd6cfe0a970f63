"""Care links, and patients as the professionals know them whom they let in."""

from functions.records.schemas.care import (
    AccessOverviewOut,
    ConnectBody,
    ConnectTokenBody,
    ConnectTokenOut,
    GlassBody,
    GlassOut,
    LetInDoctorOut,
    ListedOut,
    PatientSheetOut,
    SheetBody,
    WithdrawnOut,
)
from functions.records.schemas.fields import PageQuery
from functions.records.usecases import care
from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.accounts import PROFESSIONALS
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import Audience, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.ENVELOPE)
PROFESSIONAL = Audience(roles=PROFESSIONALS)


@routes.post(
    "/patients/create-connect-token", ConnectTokenOut, ConnectTokenBody, audience=PROFESSIONAL, body_optional=True
)
def create_connect_token(call: Call[ConnectTokenBody], deps: RecordDeps) -> ConnectTokenOut:
    """Create a token to hand to a patient, who lets its maker in with it, once."""
    return ConnectTokenOut.from_domain(care.create_connect_token(deps, call.actor, call.body.expires_in_minutes))


@routes.delete("/patients/connect-tokens/{connect_token}", MessageOut, audience=PROFESSIONAL)
def revoke_connect_token(call: Call[None], deps: RecordDeps) -> MessageOut:
    """Take back a token of one's own that is not used yet."""
    care.revoke_connect_token(deps, call.actor, call.path["connect_token"])
    return MessageOut(message="Token revoked")


@routes.post(
    "/patients/connect-doctor/{connect_token}", LetInDoctorOut, ConnectBody, body_optional=True, idempotent=True
)
def connect_doctor(call: Call[ConnectBody], deps: RecordDeps) -> LetInDoctorOut:
    """Let a professional in with the token they handed out, for good or until a day."""
    token, ends_at = call.path["connect_token"], call.body.ends_at
    return LetInDoctorOut.from_domain(
        care.connect_doctor(
            deps=deps, actor=call.actor, token=token, ends_at=ends_at, idempotency_key=call.idempotency_key
        )
    )


@routes.get("/patients/me/doctors", list[LetInDoctorOut], query=PageQuery)
def list_own_doctors(call: Call[None], deps: RecordDeps) -> Page:
    """List the professionals whom the caller let in, the newest first."""
    doctors, cursor = care.list_own_doctors(deps, call.actor, call.query.page_request())
    return Page([LetInDoctorOut.from_domain(doctor) for doctor in doctors], cursor)


@routes.delete("/patients/me/doctors/{doctor_id}", WithdrawnOut)
def withdraw_link(call: Call[None], deps: RecordDeps) -> WithdrawnOut:
    """Withdraw from a professional, at once: from their link, and from what a department opens to them."""
    overview = care.withdraw_link(deps, call.actor, call.path["doctor_id"])
    return WithdrawnOut(message="Access withdrawn", still_open=AccessOverviewOut.from_domain(overview))


@routes.get("/patients/me/access", AccessOverviewOut)
def read_access(call: Call[None], deps: RecordDeps) -> AccessOverviewOut:
    """List everyone who can see the caller's data now, and why: links, departments, broken glass, administrators."""
    return AccessOverviewOut.from_domain(care.read_access(deps, call.actor))


@routes.get("/patients", list[ListedOut], query=PageQuery, audience=PROFESSIONAL)
def list_patients(call: Call[None], deps: RecordDeps) -> Page:
    """List the patients who let the caller in, the newest first."""
    patients, cursor = care.list_linked_patients(deps, call.actor, call.query.page_request())
    return Page([ListedOut.from_domain(one) for one in patients], cursor)


@routes.get("/patients/{patient_id}", PatientSheetOut)
def read_patient(call: Call[None], deps: RecordDeps) -> PatientSheetOut:
    """Read one patient: what professionals keep of them, else what they say of themselves."""
    return PatientSheetOut.from_domain(care.read_patient(deps, call.actor, call.path["patient_id"]))


@routes.put("/patients/{patient_id}", PatientSheetOut, SheetBody, audience=PROFESSIONAL)
def change_patient(call: Call[SheetBody], deps: RecordDeps) -> PatientSheetOut:
    """Write on a patient's sheet; what the patient says of themselves stays as it is."""
    return PatientSheetOut.from_domain(care.write_chart(deps, call.actor, call.path["patient_id"], call.body.fields()))


@routes.post("/patients/{patient_id}/break-glass", GlassOut, GlassBody, status=201)
def break_glass(call: Call[GlassBody], deps: RecordDeps) -> GlassOut:
    """Look at a patient who did not let one in, for an hour and a reason that the patient can read."""
    return GlassOut.from_domain(care.break_glass(deps, call.actor, call.path["patient_id"], call.body.reason))
