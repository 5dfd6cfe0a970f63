"""Registration, login, sessions and password reset in the envelope family (contracts B and D)."""

from functions.auth.schemas.contract_b import (
    AccessOut,
    AccountOut,
    ConfirmBody,
    CredentialsBody,
    EnrolBody,
    EnrolmentOut,
    LeaveBody,
    LoginBody,
    LogoutBody,
    NewPasswordBody,
    OneTimePasswordOut,
    PasswordBody,
    RecoveryCodesOut,
    RefreshBody,
    RegisterBody,
    ResetBody,
    SessionOut,
    TokensOut,
    TurnOffBody,
)
from functions.auth.usecases import (
    credentials,
    one_time_password,
    own_account,
    password_reset,
    registration,
    sessions,
)
from functions.auth.usecases.dependencies import AuthDeps
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import ENROLLING, PUBLIC, REFRESHING, Call, Media, Routes

routes = Routes[AuthDeps]("auth", Family.ENVELOPE)
FORMS = (Media.FORM, Media.MULTIPART, Media.JSON)


@routes.post("/auth/register", AccountOut, RegisterBody, audience=PUBLIC, media=FORMS)
def register(call: Call[RegisterBody], deps: AuthDeps) -> AccountOut:
    """Register a patient or a doctor, by email or user name."""
    return AccountOut.from_domain(registration.register(deps, call.address, call.body.to_command()))


@routes.post("/auth/login", TokensOut, LoginBody, audience=PUBLIC, media=FORMS)
def login(call: Call[LoginBody], deps: AuthDeps) -> TokensOut:
    """Log in by email or user name, and open a session."""
    tokens = sessions.login(deps, call.address, call.body.to_login())
    return TokensOut(
        access_token=tokens.access,
        refresh_token=tokens.refresh,
        recovery_codes_left=tokens.recovery_codes_left,
    )


@routes.post("/auth/refresh-token", AccessOut, RefreshBody, audience=REFRESHING, body_optional=True)
def refresh_token(call: Call[RefreshBody], deps: AuthDeps) -> AccessOut:
    """Renew the access token; the refresh token goes into the Authorization header."""
    tokens = sessions.renew_tokens(deps, call.require_auth(), rotates=call.body.rotate)
    return AccessOut(access_token=tokens.access, refresh_token=tokens.refresh)


@routes.post("/auth/logout", MessageOut, LogoutBody, audience=ENROLLING, body_optional=True)
def logout(call: Call[LogoutBody], deps: AuthDeps) -> MessageOut:
    """End this session at once, or all of one's own."""
    sessions.logout(deps, call.actor, everywhere=call.body.everywhere)
    return MessageOut(message="Logged out")


@routes.post("/auth/password", MessageOut, PasswordBody, media=FORMS)
def change_password(call: Call[PasswordBody], deps: AuthDeps) -> MessageOut:
    """Set a new password in place of the old one; all other sessions end."""
    own_account.change_password(deps, call.require_auth(), call.address, call.body.to_change())
    return MessageOut(message="Password changed")


@routes.get("/users/me", AccountOut, audience=ENROLLING)
def read_me(call: Call[None], deps: AuthDeps) -> AccountOut:
    """Read the caller's own account."""
    return AccountOut.from_domain(own_account.read_own_account(deps, call.actor))


@routes.put("/users/me", AccountOut, CredentialsBody)
def change_me(call: Call[CredentialsBody], deps: AuthDeps) -> AccountOut:
    """Set a new email, password, or both; a new password ends all sessions."""
    return AccountOut.from_domain(own_account.change_credentials(deps, call.actor, call.body.email, call.body.password))


@routes.delete("/users/me", MessageOut, body=LeaveBody, media=(Media.JSON,), status=202)
def delete_me(call: Call[LeaveBody], deps: AuthDeps) -> MessageOut:
    """Leave for good: the account is locked at once, and all that is kept of it is erased, but for the access log."""
    own_account.request_erasure(deps, call.actor, call.address, call.body.password)
    return MessageOut(message="Your account is locked and is being erased")


@routes.get("/users/me/one-time-password", OneTimePasswordOut, audience=ENROLLING)
def read_one_time_password(call: Call[None], deps: AuthDeps) -> OneTimePasswordOut:
    """Read whether one's logins need a one-time password, and how many recovery codes are left."""
    return OneTimePasswordOut.from_domain(one_time_password.read_own(deps, call.actor))


@routes.post("/users/me/one-time-password", EnrolmentOut, EnrolBody, audience=ENROLLING)
def enrol(call: Call[EnrolBody], deps: AuthDeps) -> EnrolmentOut:
    """Begin to turn on one-time passwords (RFC 6238): a secret for an app, shown this once."""
    enrolment = one_time_password.begin_enrolment(deps, call.actor, call.address, call.body.password)
    return EnrolmentOut(secret=enrolment.secret, otpauth_uri=enrolment.uri)


@routes.post("/users/me/one-time-password/confirm", RecoveryCodesOut, ConfirmBody, audience=ENROLLING)
def confirm_enrolment(call: Call[ConfirmBody], deps: AuthDeps) -> RecoveryCodesOut:
    """Turn on one-time passwords with a first code; all other sessions end. Shows the recovery codes, this once."""
    code = call.body.one_time_password
    codes = one_time_password.confirm_enrolment(deps, call.require_auth(), call.address, code)
    return RecoveryCodesOut(recovery_codes=codes)


@routes.delete("/users/me/one-time-password", MessageOut, body=TurnOffBody, media=(Media.JSON,))
def turn_off_one_time_password(call: Call[TurnOffBody], deps: AuthDeps) -> MessageOut:
    """Turn off one-time passwords, with the password and a code or a recovery code."""
    body = call.body
    one_time_password.turn_off(deps, call.actor, call.address, password=body.password, code=body.one_time_password)
    return MessageOut(message="One-time passwords are off")


@routes.get("/users/me/sessions", list[SessionOut])
def list_sessions(call: Call[None], deps: AuthDeps) -> list[SessionOut]:
    """List the caller's live sessions, the newest first."""
    return [
        SessionOut.from_domain(session, call.actor.session_id) for session in sessions.list_sessions(deps, call.actor)
    ]


@routes.delete("/users/me/sessions/{session_id}", MessageOut)
def end_session(call: Call[None], deps: AuthDeps) -> MessageOut:
    """End one of one's sessions at once."""
    sessions.end_session(deps, call.actor, call.path["session_id"])
    return MessageOut(message="Session ended")


RESET_REQUESTED = "If the address is that of an account, a mail is on its way"


@routes.post("/auth/password-reset", MessageOut, ResetBody, audience=PUBLIC, media=FORMS)
def request_password_reset(call: Call[ResetBody], deps: AuthDeps) -> MessageOut:
    """Ask for a mail to set a new password with; the answer is the same whether or not the address is known."""
    password_reset.request_reset(deps, call.address, call.body.email)
    return MessageOut(message=RESET_REQUESTED)


@routes.post("/auth/password-reset/confirm", MessageOut, NewPasswordBody, audience=PUBLIC, media=FORMS)
def confirm_password_reset(call: Call[NewPasswordBody], deps: AuthDeps) -> MessageOut:
    """Set a new password with the token from the mail, once; all sessions end."""
    password_reset.confirm_reset(deps, call.address, call.body.token, call.body.password)
    return MessageOut(message="Password changed")


@routes.post("/auth/undo", MessageOut, NewPasswordBody, audience=PUBLIC, media=FORMS)
def undo_change(call: Call[NewPasswordBody], deps: AuthDeps) -> MessageOut:
    """Undo a change of email or password with the token from the mail, once; sets a new password, ends all sessions."""
    credentials.undo_change(deps, call.address, call.body.token, call.body.password)
    return MessageOut(message="Change undone")
