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


def register(auth: AuthDeps, address: str, wanted: Registration) -> Account:
    """A new account; two round trips. Raises AlreadyTaken, or TooManyRequests for an address that calls too often."""
    auth.login_limiter.count_call(address, "")
    hashed = passwords.hash_password(wanted.password)
    for last in (False, False, True):
        now = auth.now()
        account = accounts.register(auth.fresh_id(now), wanted.role, wanted.names, wanted.profile, now)
        try:
            auth.accounts.add(account, hashed)
        except Conflict:  # the id was in use: one chance in 4,096 for two in the same millisecond
            if last:
                raise
        else:
            break
    return account


def register_and_sign_in(auth: AuthDeps, address: str, wanted: Registration) -> SignedIn:
    """A new account and its first session. Raises as `register` does."""
    return sign_in(auth, register(auth, address, wanted))


def find_taken(auth: AuthDeps, address: str, names: Names) -> Fields:
    """Field → text, of the names that are somebody's. Counted as a call to register. Raises TooManyRequests."""
    auth.login_limiter.count_call(address, "")
    return auth.accounts.find_taken(names)
