"""Logging in and out, and renewing tokens."""

from dataclasses import dataclass, replace
from typing import Literal

from functions.auth.usecases.dependencies import AuthDeps
from scanward.clock import fresh_token
from scanward.domain.accounts import PROFESSIONALS, Account, Actor, Role
from scanward.domain.one_time_passwords import count_wrong_code
from scanward.domain.tokens import LIFETIMES, Claims, Refresh, Session, TokenType, check_refresh, rotate_refresh
from scanward.errors import (
    Conflict,
    InvalidCredentials,
    InvalidOneTimePassword,
    InvalidRefreshToken,
    NotApproved,
    NotAuthenticated,
    NotFound,
    OneTimePasswordRequired,
)
from scanward.security import passwords
from scanward.security.authentication import AuthContext
from scanward.security.one_time_passwords import use_code
from scanward.stores.accounts import Credentials


@dataclass(frozen=True, slots=True)
class Login:
    """Who says to be whom. `role`: when only such accounts may come in here; `approved`: when they must be approved.

    `code`: a one-time password, or a recovery code in its place.
    """

    field: Literal["email", "username"]
    name: str
    password: str
    role: Role | None = None
    approved: bool = False
    code: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account and the two tokens of its new session.

    `recovery_codes_left`: when one of them opened it.
    """

    account: Account
    access: str
    refresh: str
    recovery_codes_left: int | None = None


@dataclass(frozen=True, slots=True)
class RenewedTokens:
    """A new access token, and the refresh token that replaces the one shown, when that was asked for."""

    access: str
    refresh: str | None


def login(deps: AuthDeps, address: str, login_request: Login) -> SignedIn:
    """Open a session. After the same work for unknown accounts and wrong passwords: InvalidCredentials.

    Raises TooManyRequests for an address that calls, or fails against this name, too often; NotApproved; and, after
    the right password alone, what `spend_code` raises.
    """
    deps.login_limiter.count_call(address, login_request.name)
    credentials = deps.accounts.by_name(login_request.field, login_request.name)
    right = passwords.matches(login_request.password, credentials.password_hash if credentials else None)
    if credentials is None or not right or login_request.role not in (None, credentials.account.role):
        deps.login_limiter.count_failure(address, login_request.name)
        raise InvalidCredentials
    account = credentials.account
    if login_request.approved and account.is_active and account.role in PROFESSIONALS and not account.is_approved:
        raise NotApproved
    recovery_codes_left = None
    if account.is_active:
        try:
            recovery_codes_left = spend_code(deps, credentials, login_request.code)
        except InvalidOneTimePassword:
            deps.login_limiter.count_failure(address, login_request.name)
            raise
    try:
        return replace(sign_in(deps, account), recovery_codes_left=recovery_codes_left)
    except NotAuthenticated as inactive:
        deps.login_limiter.count_failure(address, login_request.name)
        raise InvalidCredentials from inactive


MAX_CODE_TRIES = 5


def spend_code(deps: AuthDeps, credentials: Credentials, code: str | None) -> int | None:
    """Use up a one-time password or recovery code, and return how many of the latter are left when it was one.

    Nothing for accounts that need none.
    What became of it is written before it is answered, over the account that was read: of two calls with one code one
    wins, and whoever guesses at once in many places is counted all the same. Raises OneTimePasswordRequired without a
    code, InvalidOneTimePassword, TooManyRequests after too many wrong ones, Conflict.
    """
    for tries_left in reversed(range(MAX_CODE_TRIES)):
        one_time_password = credentials.one_time_password
        if one_time_password is None or not one_time_password.is_on:
            return None
        if code is None:
            raise OneTimePasswordRequired
        now = deps.now()
        after = use_code(one_time_password, code, now)
        try:
            deps.accounts.write_one_time_password(credentials, after or count_wrong_code(one_time_password, now))
        except Conflict:
            if not tries_left:
                raise
            credentials = _read_again(deps, credentials)
        else:
            if after is None:
                raise InvalidOneTimePassword
            left = len(after.recovery_codes)
            return left if left < len(one_time_password.recovery_codes) else None
    return None


def _read_again(deps: AuthDeps, before: Credentials) -> Credentials:
    """Return the account as it is now. Raises InvalidCredentials when the password that was shown is its no more."""
    credentials = deps.accounts.get(before.account.id)
    if credentials is None or credentials.password_hash != before.password_hash:
        raise InvalidCredentials
    return credentials


def sign_in(deps: AuthDeps, account: Account) -> SignedIn:
    """Return a new session of an account that is known to be its owner's.

    Raises NotAuthenticated when it is inactive.
    """
    now = int(deps.now().timestamp())
    session = Session(fresh_token(), now, now + int(LIFETIMES[TokenType.REFRESH].total_seconds()))
    deps.sessions.open(account.id, session, now)
    access = deps.tokens.issue(TokenType.ACCESS, Claims(account.id, session.id, fresh_token()))
    return SignedIn(
        account, access, deps.tokens.issue(TokenType.REFRESH, Claims(account.id, session.id, fresh_token()))
    )


def renew_tokens(deps: AuthDeps, auth: AuthContext, *, rotates: bool) -> RenewedTokens:
    """Renew the access token of a live session, and its refresh token when `rotates`.

    A refresh token whose successor is in use ends its session: one of its two holders is a thief. For half a minute it
    is taken for a lost answer, and the successor is given once more: so also to who rotates while another does.
    Raises NotAuthenticated.
    """
    claims, session = auth.claims, auth.session
    successor = None
    if rotates:
        successor = _successor(deps, claims, session) or _successor(
            deps, claims, read_live_session(deps, claims.account_id, claims.session_id)
        )
        if successor is None:
            raise NotAuthenticated
    else:
        _check_session(deps, claims, session)
    access = deps.tokens.issue(TokenType.ACCESS, Claims(claims.account_id, session.id, fresh_token()))
    if successor is None:
        return RenewedTokens(access, None)
    return RenewedTokens(access, deps.tokens.issue(TokenType.REFRESH, Claims(claims.account_id, session.id, successor)))


def renew_with_token(deps: AuthDeps, token: str, *, rotates: bool) -> RenewedTokens:
    """Renew by a refresh token that no gate has seen yet.

    Raises InvalidRefreshToken, whatever is wrong with it, and TooManyRequests.
    """
    try:
        return renew_tokens(deps, deps.authenticator.authenticate(token, TokenType.REFRESH), rotates=rotates)
    except NotAuthenticated as error:
        raise InvalidRefreshToken from error


def _successor(deps: AuthDeps, claims: Claims, session: Session) -> str | None:
    """Return the id of the refresh token that follows the one shown; None when the session has changed meanwhile."""
    if _check_session(deps, claims, session) is Refresh.LOST_ANSWER:
        return session.current
    successor, now = fresh_token(), int(deps.now().timestamp())
    follows = rotate_refresh(session, claims.id, successor, now)
    return successor if deps.sessions.replace(claims.account_id, session, follows) else None


def _check_session(deps: AuthDeps, claims: Claims, session: Session) -> Refresh:
    meaning = check_refresh(session, claims.id, int(deps.now().timestamp()))
    if meaning is Refresh.REUSED:
        deps.sessions.close(claims.account_id, [session.id])
        raise NotAuthenticated
    return meaning


def read_live_session(deps: AuthDeps, account_id: int, session_id: str) -> Session:
    """Return a session as it is now. Raises NotAuthenticated when it has ended."""
    live = deps.sessions.sessions(account_id, int(deps.now().timestamp()))
    live_session = next((session for session in live if session.id == session_id), None)
    if live_session is None:
        raise NotAuthenticated
    return live_session


def logout(deps: AuthDeps, actor: Actor, *, everywhere: bool) -> None:
    """End the caller's session, or all of the account's, at once."""
    session_ids = [actor.session_id]
    if everywhere:
        session_ids = [session.id for session in list_sessions(deps, actor)]
    deps.sessions.close(actor.account_id, session_ids)


def list_sessions(deps: AuthDeps, actor: Actor) -> list[Session]:
    """Return the account's live sessions, the newest first."""
    return deps.sessions.sessions(actor.account_id, int(deps.now().timestamp()))


def end_session(deps: AuthDeps, actor: Actor, session_id: str) -> None:
    """End one of the account's sessions. Raises NotFound."""
    if session_id not in {session.id for session in list_sessions(deps, actor)}:
        raise NotFound
    deps.sessions.close(actor.account_id, [session_id])
