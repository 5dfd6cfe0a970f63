"""Changes of an account's email, password or one-time passwords, whatever asked for them, and the way back from them.

Whoever holds a session, or somebody else's inbox for a moment, can change them. So the address that the account had is
told, by a mail with a token that brings the account back to it; that address, a new password and the end of all
sessions are one write. Of several such tokens that of the oldest address wins: it ends those of all younger ones, and
none of theirs ends it. An undo is itself no change that can be undone, or the thief would have the last word.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from functions.auth.usecases.dependencies import AuthDeps
from functions.auth.usecases.sessions import read_live_session
from scanward.domain.accounts import Account, remember_address, restore_address
from scanward.domain.care import AccessEntry
from scanward.domain.one_time_passwords import forgive_wrong_codes
from scanward.domain.tokens import Session
from scanward.errors import Conflict, NotAuthenticated
from scanward.security import passwords
from scanward.stores.accounts import Credentials
from scanward.stores.identity.undo_tokens import UndoPlace


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What is to become of an account. `read` gives it as it is now, and refuses whom it is closed to.

    `caller`, `survivor`: the session that asks for it, and the one that goes on when sessions end. `log_entry`: what
    the access log says of a change by somebody else.
    """

    read: Callable[[], Credentials]
    apply: Callable[[Credentials], Credentials]
    ends_sessions: bool
    caller: str | None = None
    survivor: Session | None = None
    log_entry: Callable[[Credentials], AccessEntry | None] = lambda before: None


def write_change(deps: AuthDeps, change: AccountChange) -> tuple[Account, Account]:
    """Write a change, and return the account before and after.

    Raises AlreadyTaken, Conflict, NotAuthenticated when the caller's session has ended meanwhile, and TooManyRequests
    while the account has had too many addresses.
    """
    number: int | None = None
    survivor = change.survivor
    for last in (False, False, True):
        before = change.read()
        after = change.apply(before)
        if _needs_notice(before, after):
            is_told, number = number is not None, number or deps.fresh_id(deps.now())
            account = remember_address(
                before.account,
                after.account,
                number,
                deps.now(),
                one_time_password_since=_one_time_password_since(before),
            )
            after = replace(after, account=account)
            if not is_told:
                # First, or a change could stand that nobody is told of. Of one that is not made, no mail goes out.
                deps.mails.enqueue_notice(account.id, number)
        try:
            deps.accounts.change(
                before,
                after,
                ends_sessions=change.ends_sessions,
                caller=change.caller,
                survivor=survivor,
                entry=change.log_entry(before),
            )
        except Conflict:
            if last:
                raise
            if change.caller:
                live_session = read_live_session(deps, before.account.id, change.caller)
                survivor = live_session if survivor else None
        else:
            break
    return before.account, after.account


def _needs_notice(before: Credentials, after: Credentials) -> bool:
    old, new = before.account.names.email, after.account.names.email
    same_codes = _one_time_password_since(before) == _one_time_password_since(after)
    return old is not None and (old != new or before.password_hash != after.password_hash or not same_codes)


def _one_time_password_since(credentials: Credentials) -> datetime | None:
    return credentials.one_time_password.since if credentials.one_time_password else None


def set_password_by_mail(before: Credentials, account: Account, password_hash: str) -> Credentials:
    """Return the account with a password that the owner of its inbox chose.

    Wrong one-time passwords were those of who knew the old one. A change by a session forgives none: a thief who has
    one would go on guessing.
    """
    one_time_password = before.one_time_password and forgive_wrong_codes(before.one_time_password)
    return replace(before, account=account, password_hash=password_hash, one_time_password=one_time_password)


class InvalidUndoToken(NotAuthenticated):
    """A token of an undo that does not hold, whatever is wrong with it."""

    message = "Invalid undo token"


def undo_change(deps: AuthDeps, address: str, token: str, password: str) -> None:
    """Give an account an earlier address back, with a new password, and end all sessions and all younger tokens.

    One-time passwords that were turned on since are off: a thief who enrols would lock the owner out.
    Raises InvalidUndoToken, TooManyRequests, Conflict.
    """
    deps.login_limiter.count_call(address, "")
    place = deps.undo_tokens.get(token)
    if place is None:
        raise InvalidUndoToken
    _restore(deps, place)
    password_hash = passwords.hash_password(password)
    for last in (False, False, True):
        before, account = _restore(deps, place)
        try:
            after = set_password_by_mail(before, account, password_hash)
            if not _had_one_time_password(before, place.address_id):
                after = replace(after, one_time_password=None)
            deps.accounts.change(before, after, ends_sessions=True)
        except Conflict:
            if last:
                raise
        else:
            break


def _had_one_time_password(credentials: Credentials, address_id: int) -> bool:
    """Tell whether the account's one-time passwords are those that it had when the address was first remembered."""
    since = next(one.one_time_password_since for one in credentials.account.earlier_addresses if one.id == address_id)
    return since is not None and since == _one_time_password_since(credentials)


def _restore(deps: AuthDeps, place: UndoPlace) -> tuple[Credentials, Account]:
    credentials = deps.accounts.get(place.account_id)
    if credentials is None or not credentials.account.is_active:
        raise InvalidUndoToken
    account = restore_address(credentials.account, place.address_id, deps.now())
    if account is None:
        raise InvalidUndoToken
    return credentials, account
