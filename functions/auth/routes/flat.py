"""Registration, login, sessions and the profile in the flat family (contracts A, C and E)."""

from typing import Any

from functions.auth.pictures import clean_picture
from functions.auth.schemas.contract_a import MemberBody, MemberOut, MemberSignedInOut, RenewalBody, RenewedOut
from functions.auth.schemas.contract_b import LoginBody, LogoutBody
from functions.auth.schemas.contract_c import (
    DoctorBody,
    DoctorLoginOut,
    DoctorOut,
    HospitalBody,
    HospitalLoginOut,
    HospitalOut,
    LaboBody,
    LaboLoginOut,
    LaboOut,
    PatientLoginOut,
    PatientOut,
    PersonBody,
    RoleLoginBody,
)
from functions.auth.schemas.contract_e import (
    EDITABLE,
    ProfileBody,
    ProfileOut,
    UserBody,
    UserOut,
    foreign_fields,
    profile_of,
)
from functions.auth.schemas.fields import names_in
from functions.auth.usecases import own_account, registration, sessions
from functions.auth.usecases.dependencies import AuthDeps
from functions.auth.usecases.own_account import ProfileChange
from functions.auth.usecases.registration import register_and_sign_in
from scanward.domain.accounts import Role
from scanward.errors import Fields, InvalidFields
from scanward.web.bodies import Choice
from scanward.web.families import Family
from scanward.web.fields import NOT_KNOWN
from scanward.web.responses import MessageOut
from scanward.web.routes import ENROLLING, PUBLIC, Call, Media, Routes

routes = Routes[AuthDeps]("auth", Family.FLAT)
EITHER = Choice("usertype", present=UserBody, absent=MemberBody)


def taken_fields(call: Call[Any], deps: AuthDeps) -> Fields:
    """Return the errors of names that another account has, for a registration that breaks its model."""
    return registration.find_taken(deps, call.address, names_in(call.body))


def foreign_fields_error(call: Call[Any], deps: AuthDeps) -> Fields:
    """Return the error of fields of other roles, in a profile that breaks its model."""
    return foreign_fields(call.actor.role, call.body)


@routes.post("/api/register", MemberOut | UserOut, EITHER, audience=PUBLIC, status=201, besides=taken_fields)
def register(call: Call[MemberBody | UserBody], deps: AuthDeps) -> MemberOut | UserOut:
    """Register a patient or a doctor, with `usertype` or with `is_patient` and `is_doctor`."""
    account = registration.register(deps, call.address, call.body.to_command())
    return UserOut.from_domain(account) if isinstance(call.body, UserBody) else MemberOut.from_domain(account)


@routes.post("/api/login", MemberSignedInOut, LoginBody, audience=PUBLIC)
def login(call: Call[LoginBody], deps: AuthDeps) -> MemberSignedInOut:
    """Log in by user name or email, and open a session."""
    return MemberSignedInOut.from_sign_in(sessions.login(deps, call.address, call.body.to_login()))


@routes.post("/api/token/refresh", RenewedOut, RenewalBody, audience=PUBLIC)
def token_refresh(call: Call[RenewalBody], deps: AuthDeps) -> RenewedOut:
    """Renew the access token; the refresh token goes into the body."""
    return RenewedOut.from_domain(sessions.renew_with_token(deps, call.body.refresh, rotates=call.body.rotate))


@routes.post("/api/logout", MessageOut, LogoutBody, audience=ENROLLING, body_optional=True)
def logout(call: Call[LogoutBody], deps: AuthDeps) -> MessageOut:
    """End this session at once, or all of one's own."""
    sessions.logout(deps, call.actor, everywhere=call.body.everywhere)
    return MessageOut(message="Logged out")


@routes.get("/api/profile", ProfileOut)
def profile(call: Call[None], deps: AuthDeps) -> ProfileOut:
    """Read the caller's own profile, with the fields of the role."""
    account = own_account.read_own_account(deps, call.actor)
    return profile_of(account, own_account.picture_link(deps, account))


@routes.patch(
    "/api/profile",
    ProfileOut,
    ProfileBody,
    media=(Media.JSON, Media.MULTIPART),
    files=("image",),
    files_optional=True,
    besides=foreign_fields_error,
)
def change_profile(call: Call[ProfileBody], deps: AuthDeps) -> ProfileOut:
    """Change or clear fields of one's own profile, those of one's role; a picture comes as a file of a form."""
    role = call.actor.role
    if unknown := {name: [NOT_KNOWN] for name in call.files if name != "image" or name not in EDITABLE[role]}:
        raise InvalidFields(unknown)
    change = call.body.change(role)
    picture = clean_picture(call.files["image"].content) if call.files else None
    account = own_account.change_profile(deps, call.actor, ProfileChange(change, call.body.email, picture))
    return profile_of(account, own_account.picture_link(deps, account))


@routes.post("/api/user/register", PatientOut, PersonBody, audience=PUBLIC, status=201, besides=taken_fields)
def register_patient(call: Call[PersonBody], deps: AuthDeps) -> PatientOut:
    """Register a patient, and open a session."""
    return PatientOut.from_sign_in(register_and_sign_in(deps, call.address, call.body.to_command()))


@routes.post("/api/doctor/register", DoctorOut, DoctorBody, audience=PUBLIC, status=201, besides=taken_fields)
def register_doctor(call: Call[DoctorBody], deps: AuthDeps) -> DoctorOut:
    """Register a doctor, who waits for approval, and open a session."""
    return DoctorOut.from_sign_in(register_and_sign_in(deps, call.address, call.body.to_command()))


@routes.post("/api/hospital/register", HospitalOut, HospitalBody, audience=PUBLIC, status=201, besides=taken_fields)
def register_hospital(call: Call[HospitalBody], deps: AuthDeps) -> HospitalOut:
    """Register a hospital, which waits for approval, and open a session."""
    return HospitalOut.from_sign_in(register_and_sign_in(deps, call.address, call.body.to_command()))


@routes.post("/api/labo/register", LaboOut, LaboBody, audience=PUBLIC, status=201, besides=taken_fields)
def register_labo(call: Call[LaboBody], deps: AuthDeps) -> LaboOut:
    """Register a lab, which waits for approval, and open a session."""
    return LaboOut.from_sign_in(register_and_sign_in(deps, call.address, call.body.to_command()))


@routes.post("/api/user/login", PatientLoginOut, RoleLoginBody, audience=PUBLIC)
def login_patient(call: Call[RoleLoginBody], deps: AuthDeps) -> PatientLoginOut:
    """Log in as a patient."""
    return PatientLoginOut.from_sign_in(sessions.login(deps, call.address, call.body.to_login(Role.PATIENT)))


@routes.post("/api/doctor/login", DoctorLoginOut, RoleLoginBody, audience=PUBLIC)
def login_doctor(call: Call[RoleLoginBody], deps: AuthDeps) -> DoctorLoginOut:
    """Log in as a doctor who is approved."""
    return DoctorLoginOut.from_sign_in(sessions.login(deps, call.address, call.body.to_login(Role.DOCTOR)))


@routes.post("/api/hospital/login", HospitalLoginOut, RoleLoginBody, audience=PUBLIC)
def login_hospital(call: Call[RoleLoginBody], deps: AuthDeps) -> HospitalLoginOut:
    """Log in as a hospital that is approved."""
    return HospitalLoginOut.from_sign_in(sessions.login(deps, call.address, call.body.to_login(Role.HOSPITAL)))


@routes.post("/api/labo/login", LaboLoginOut, RoleLoginBody, audience=PUBLIC)
def login_labo(call: Call[RoleLoginBody], deps: AuthDeps) -> LaboLoginOut:
    """Log in as a lab that is approved."""
    return LaboLoginOut.from_sign_in(sessions.login(deps, call.address, call.body.to_login(Role.LAB)))
