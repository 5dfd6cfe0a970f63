"""Registering, logging in, refreshing: over the account and gate stores, without HTTP."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.domain import accounts
from scanward.domain.accounts import Account, Actor, Role
from scanward.errors import InvalidCredentials, NotAuthenticated
from scanward.security import passwords
from scanward.security.tokens import LIFETIMES, Claims, Tokens, TokenType
from scanward.stores.accounts import AccountStore
from scanward.stores.gate import GateStore


@dataclass(frozen=True, slots=True)
class Auth:
    """What the use-cases work with. `now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    gate: GateStore
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The two tokens of a new session."""

    access: str
    refresh: str


def register(auth: Auth, email: str, password: str, role: Role) -> Account:
    """A new account; one round trip. Raises AlreadyTaken."""
    now = auth.now()
    account = accounts.register(auth.fresh_id(now), email, role, now)
    auth.accounts.add(account, passwords.hash_password(password))
    return account


def login(auth: Auth, email: str, password: str) -> SignedIn:
    """Opens a session. Raises InvalidCredentials, after the same work, for unknown accounts and wrong passwords."""
    found = auth.accounts.by_email(email)
    if not passwords.matches(password, found.password_hash if found else None) or found is None:
        raise InvalidCredentials
    now = int(auth.now().timestamp())
    claims = Claims(found.account.id, secrets.token_urlsafe(12))
    ends = now + int(LIFETIMES[TokenType.REFRESH].total_seconds())
    try:
        auth.gate.open(claims.account_id, claims.session_id, ends, now)
    except NotAuthenticated as inactive:
        raise InvalidCredentials from inactive
    return SignedIn(_issue(auth, TokenType.ACCESS, claims), _issue(auth, TokenType.REFRESH, claims))


def refresh(auth: Auth, claims: Claims) -> str:
    """A new access token for a live session; the refresh token stays as it is."""
    return _issue(auth, TokenType.ACCESS, claims)


def me(auth: Auth, actor: Actor) -> Account:
    """The caller's own account."""
    found = auth.accounts.get(actor.account_id)
    if found is None:
        raise NotAuthenticated
    return found


def _issue(auth: Auth, kind: TokenType, claims: Claims) -> str:
    return auth.tokens.issue(kind, claims, jti=secrets.token_urlsafe(9))
