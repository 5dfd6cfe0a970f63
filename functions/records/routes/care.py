"""Care links: how a professional comes to a patient, and how the patient parts with them."""

from functions.records.schemas.care import ConnectBody, ConnectTokenBody, ConnectTokenOut, LetInDoctorOut
from functions.records.schemas.fields import WindowQuery
from functions.records.usecases import care
from functions.records.usecases.dependencies import Clinic
from scanward.domain.accounts import PROFESSIONALS
from scanward.web.call import Call, Page
from scanward.web.families import Family
from scanward.web.messages import MessageOut
from scanward.web.routes import Audience, Routes

routes = Routes[Clinic]("records", Family.ENVELOPE)
PROFESSIONAL = Audience(roles=PROFESSIONALS)


@routes.post(
    "/patients/create-connect-token", ConnectTokenOut, ConnectTokenBody, audience=PROFESSIONAL, body_optional=True
)
def create_connect_token(call: Call[ConnectTokenBody], clinic: Clinic) -> ConnectTokenOut:
    """A token to hand to a patient, who lets its maker in with it, once."""
    return ConnectTokenOut.of(care.create_token(clinic, call.actor, call.body.expires_in_minutes))


@routes.delete("/patients/connect-tokens/{connect_token}", MessageOut, audience=PROFESSIONAL)
def revoke_connect_token(call: Call[None], clinic: Clinic) -> MessageOut:
    """Take back a token of one's own that nobody has used."""
    care.revoke_token(clinic, call.actor, call.path["connect_token"])
    return MessageOut(message="Token revoked")


@routes.post(
    "/patients/connect-doctor/{connect_token}", LetInDoctorOut, ConnectBody, body_optional=True, idempotent=True
)
def connect_doctor(call: Call[ConnectBody], clinic: Clinic) -> LetInDoctorOut:
    """Let a professional in with the token they handed out, for good or until a day."""
    token, ends_at = call.path["connect_token"], call.body.ends_at
    return LetInDoctorOut.of(care.connect(clinic, call.actor, token, ends_at, call.once))


@routes.get("/patients/me/doctors", list[LetInDoctorOut], query=WindowQuery)
def own_doctors(call: Call[None], clinic: Clinic) -> Page:
    """The professionals whom the caller let in, the newest first."""
    found, cursor = care.doctors(clinic, call.actor, call.query.window())
    return Page([LetInDoctorOut.of(doctor) for doctor in found], cursor)


@routes.delete("/patients/me/doctors/{doctor_id}", MessageOut)
def withdraw(call: Call[None], clinic: Clinic) -> MessageOut:
    """Part with a professional, at once."""
    care.withdraw(clinic, call.actor, call.path["doctor_id"])
    return MessageOut(message="Access withdrawn")
