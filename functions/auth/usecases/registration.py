"""Registering, whichever contract's words it was said in."""

from dataclasses import dataclass

from functions.auth.usecases.dependencies import AuthDeps
from functions.auth.usecases.sessions import SignedIn, sign_in
from scanward.domain import accounts
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.errors import Conflict, Fields
from scanward.security import passwords


@dataclass(frozen=True, slots=True)
class Registration:
    """Who wants to come in. The password is of 8 to 128 characters already."""

    role: Role
    names: Names
    profile: Profile
    password: str


def register(deps: AuthDeps, address: str, registration: Registration) -> Account:
    """Return a new account; two round trips.

    Raises AlreadyTaken, or TooManyRequests for an address that calls too often.
    """
    deps.login_limiter.count_call(address, "")
    password_hash = passwords.hash_password(registration.password)
    for last in (False, False, True):
        now = deps.now()
        account = accounts.register(
            id=deps.fresh_id(now),
            role=registration.role,
            names=registration.names,
            profile=registration.profile,
            now=now,
        )
        try:
            deps.accounts.add(account, password_hash)
        except Conflict:  # the id was in use: one chance in 4,096 for two in the same millisecond
            if last:
                raise
        else:
            break
    return account


def register_and_sign_in(deps: AuthDeps, address: str, registration: Registration) -> SignedIn:
    """Return a new account and its first session. Raises as `register` does."""
    return sign_in(deps, register(deps, address, registration))


def find_taken(deps: AuthDeps, address: str, names: Names) -> Fields:
    """Return field → text, of names that another account has. Counted as a call to register. Raises TooManyRequests."""
    deps.login_limiter.count_call(address, "")
    return deps.accounts.find_taken(names, deps.now())
