"""Sign-up and sign-in by role: patient, doctor, hospital, lab (contract C)."""

from functions.auth.routes.flat import taken
from functions.auth.schemas.organisations import HospitalBody, HospitalOut, LaboBody, LaboOut
from functions.auth.schemas.people import DoctorBody, PersonBody, RoleLoginBody
from functions.auth.schemas.people_answers import DoctorOut, PatientOut
from functions.auth.schemas.role_logins import DoctorLoginOut, HospitalLoginOut, LaboLoginOut, PatientLoginOut
from functions.auth.usecases import sessions
from functions.auth.usecases.dependencies import Auth
from functions.auth.usecases.registration import register_and_sign_in
from scanward.domain.accounts import Role
from scanward.web.call import Call
from scanward.web.families import Family
from scanward.web.routes import PUBLIC, Routes

routes = Routes[Auth]("auth", Family.FLAT)


@routes.post("/api/user/register", PatientOut, PersonBody, audience=PUBLIC, status=201, besides=taken)
def register_patient(call: Call[PersonBody], auth: Auth) -> PatientOut:
    """Register a patient, and open a session."""
    return PatientOut.opened(register_and_sign_in(auth, call.address, call.body.wanted()))


@routes.post("/api/doctor/register", DoctorOut, DoctorBody, audience=PUBLIC, status=201, besides=taken)
def register_doctor(call: Call[DoctorBody], auth: Auth) -> DoctorOut:
    """Register a doctor, who waits for approval, and open a session."""
    return DoctorOut.opened(register_and_sign_in(auth, call.address, call.body.wanted()))


@routes.post("/api/hospital/register", HospitalOut, HospitalBody, audience=PUBLIC, status=201, besides=taken)
def register_hospital(call: Call[HospitalBody], auth: Auth) -> HospitalOut:
    """Register a hospital, which waits for approval, and open a session."""
    return HospitalOut.opened(register_and_sign_in(auth, call.address, call.body.wanted()))


@routes.post("/api/labo/register", LaboOut, LaboBody, audience=PUBLIC, status=201, besides=taken)
def register_labo(call: Call[LaboBody], auth: Auth) -> LaboOut:
    """Register a lab, which waits for approval, and open a session."""
    return LaboOut.opened(register_and_sign_in(auth, call.address, call.body.wanted()))


@routes.post("/api/user/login", PatientLoginOut, RoleLoginBody, audience=PUBLIC)
def login_patient(call: Call[RoleLoginBody], auth: Auth) -> PatientLoginOut:
    """Log in as a patient."""
    return PatientLoginOut.opened(sessions.login(auth, call.address, call.body.shown(Role.PATIENT)))


@routes.post("/api/doctor/login", DoctorLoginOut, RoleLoginBody, audience=PUBLIC)
def login_doctor(call: Call[RoleLoginBody], auth: Auth) -> DoctorLoginOut:
    """Log in as a doctor who is approved."""
    return DoctorLoginOut.opened(sessions.login(auth, call.address, call.body.shown(Role.DOCTOR)))


@routes.post("/api/hospital/login", HospitalLoginOut, RoleLoginBody, audience=PUBLIC)
def login_hospital(call: Call[RoleLoginBody], auth: Auth) -> HospitalLoginOut:
    """Log in as a hospital that is approved."""
    return HospitalLoginOut.opened(sessions.login(auth, call.address, call.body.shown(Role.HOSPITAL)))


@routes.post("/api/labo/login", LaboLoginOut, RoleLoginBody, audience=PUBLIC)
def login_labo(call: Call[RoleLoginBody], auth: Auth) -> LaboLoginOut:
    """Log in as a lab that is approved."""
    return LaboLoginOut.opened(sessions.login(auth, call.address, call.body.shown(Role.LAB)))
