"""Sign-up, sign-in, sessions and the profile in the flat family (contracts A and E, which share their paths)."""

from typing import Any

from functions.auth.pictures.cleaning import clean
from functions.auth.schemas.columns import UserBody, UserOut
from functions.auth.schemas.envelope import LoginBody, LogoutBody
from functions.auth.schemas.flat import MemberBody, MemberOut, MemberSignedInOut, RenewalBody, RenewedOut
from functions.auth.schemas.profile import EDITABLE, ProfileBody, foreign_fields
from functions.auth.schemas.profile_answers import ProfileOut, profile_of
from functions.auth.schemas.registered import names_in
from functions.auth.usecases import own_account, registration, sessions
from functions.auth.usecases.dependencies import Auth
from functions.auth.usecases.own_account import ProfileChange
from scanward.errors import Fields, InvalidFields
from scanward.web.bodies import Choice
from scanward.web.call import Call
from scanward.web.families import Family
from scanward.web.fields import NOT_KNOWN
from scanward.web.messages import MessageOut
from scanward.web.routes import PUBLIC, Media, Routes

routes = Routes[Auth]("auth", Family.FLAT)
EITHER = Choice("usertype", present=UserBody, absent=MemberBody)


def taken(call: Call[Any], auth: Auth) -> Fields:
    """Names that are somebody's already, in a registration that breaks its model."""
    return registration.taken(auth, call.address, names_in(call.body))


def foreign(call: Call[Any], auth: Auth) -> Fields:
    """Fields of other roles, in a profile that breaks its model."""
    return foreign_fields(call.actor.role, call.body)


@routes.post("/api/register", MemberOut | UserOut, EITHER, audience=PUBLIC, status=201, besides=taken)
def register(call: Call[MemberBody | UserBody], auth: Auth) -> MemberOut | UserOut:
    """Register a patient or a doctor, with `usertype` or with `is_patient` and `is_doctor`."""
    account = registration.register(auth, call.address, call.body.wanted())
    return UserOut.of(account) if isinstance(call.body, UserBody) else MemberOut.of(account)


@routes.post("/api/login", MemberSignedInOut, LoginBody, audience=PUBLIC)
def login(call: Call[LoginBody], auth: Auth) -> MemberSignedInOut:
    """Log in by user name or email, and open a session."""
    return MemberSignedInOut.opened(sessions.login(auth, call.address, call.body.shown()))


@routes.post("/api/token/refresh", RenewedOut, RenewalBody, audience=PUBLIC)
def token_refresh(call: Call[RenewalBody], auth: Auth) -> RenewedOut:
    """Renew the access token; the refresh token goes into the body."""
    return RenewedOut.of(sessions.refresh_shown(auth, call.body.refresh, rotates=call.body.rotate))


@routes.post("/api/logout", MessageOut, LogoutBody, body_optional=True)
def logout(call: Call[LogoutBody], auth: Auth) -> MessageOut:
    """End this session at once, or all of one's own."""
    sessions.logout(auth, call.actor, everywhere=call.body.everywhere)
    return MessageOut(message="Logged out")


@routes.get("/api/profile", ProfileOut)
def profile(call: Call[None], auth: Auth) -> ProfileOut:
    """The caller's own profile, with the fields of the role."""
    account = own_account.me(auth, call.actor)
    return profile_of(account, own_account.picture_link(auth, account))


@routes.patch(
    "/api/profile",
    ProfileOut,
    ProfileBody,
    media=(Media.JSON, Media.MULTIPART),
    files=("image",),
    files_optional=True,
    besides=foreign,
)
def change_profile(call: Call[ProfileBody], auth: Auth) -> ProfileOut:
    """Change or clear fields of one's own profile, those of one's role; a picture comes as a file of a form."""
    role = call.actor.role
    if unknown := {name: [NOT_KNOWN] for name in call.files if name != "image" or name not in EDITABLE[role]}:
        raise InvalidFields(unknown)
    change = call.body.change(role)
    picture = clean(call.files["image"].content) if call.files else None
    account = own_account.change_profile(auth, call.actor, ProfileChange(change, call.body.email, picture))
    return profile_of(account, own_account.picture_link(auth, account))
