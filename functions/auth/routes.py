"""The account routes of contract B."""

from functions.auth import usecases
from functions.auth.schemas import AccessOut, AccountOut, Login, Registration, TokensOut
from functions.auth.usecases import Auth
from scanward.domain.accounts import Role
from scanward.web.families import Family
from scanward.web.routes import PUBLIC, REFRESHING, Call, Media, Routes

routes = Routes[Auth]("auth", Family.ENVELOPE)


@routes.post("/auth/register", AccountOut, Registration, audience=PUBLIC, media=(Media.JSON, Media.FORM))
def register(call: Call[Registration], auth: Auth) -> AccountOut:
    """Register a patient or a doctor."""
    account = usecases.register(auth, call.body.email, call.body.password, Role(call.body.role))
    return AccountOut.of(account)


@routes.post("/auth/login", TokensOut, Login, audience=PUBLIC, media=(Media.FORM, Media.MULTIPART, Media.JSON))
def login(call: Call[Login], auth: Auth) -> TokensOut:
    """Log in and open a session."""
    tokens = usecases.login(auth, call.body.email, call.body.password)
    return TokensOut(access_token=tokens.access, refresh_token=tokens.refresh)


@routes.post("/auth/refresh-token", AccessOut, audience=REFRESHING)
def refresh_token(call: Call[None], auth: Auth) -> AccessOut:
    """Renew the access token; the refresh token goes into the Authorization header."""
    return AccessOut(access_token=usecases.refresh(auth, call.claims))


@routes.get("/users/me", AccountOut)
def me(call: Call[None], auth: Auth) -> AccountOut:
    """The caller's own account."""
    return AccountOut.of(usecases.me(auth, call.actor))
