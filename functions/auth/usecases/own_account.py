"""What people do with their own account, leaving it for good included."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.auth.pictures import CleanPicture
from functions.auth.usecases.dependencies import AuthDeps
from scanward.clock import fresh_token
from scanward.domain.accounts import Account, Actor, Profile
from scanward.errors import Conflict, InvalidFields, NotAuthenticated, ScanwardError
from scanward.security import passwords
from scanward.stores.accounts import Credentials
from scanward.stores.queues import RequestKind


def read_own_account(auth: AuthDeps, actor: Actor) -> Account:
    """The caller's own account."""
    return _get_own(auth, actor).account


def change_credentials(auth: AuthDeps, actor: Actor, email: str | None, password: str | None) -> Account:
    """A new email, password, or both. A new password ends all sessions. Raises AlreadyTaken, Conflict."""
    hashed = passwords.hash_password(password) if password else None

    def change(found: Credentials) -> Credentials:
        names = replace(found.account.names, email=email) if email else found.account.names
        account = replace(found.account, names=names, updated_at=auth.now())
        return replace(found, account=account, password_hash=hashed or found.password_hash)

    return _change(auth, actor, change, ends_sessions=hashed is not None)[1]


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What somebody says of themselves, anew. `email`, `picture`: None where they stay as they are."""

    profile: Callable[[Profile], Profile]
    email: str | None = None
    picture: CleanPicture | None = None


def change_profile(auth: AuthDeps, actor: Actor, wanted: ProfileChange) -> Account:
    """Changes the profile; a picture that another one replaces, or that is cleared, is removed.

    Raises AlreadyTaken, Conflict.
    """
    if wanted.picture is None:
        return _change_profile(auth, actor, wanted.profile, wanted.email)
    name = f"{fresh_token()}.{wanted.picture.suffix}"
    kept = auth.pictures.put(actor.account_id, name, wanted.picture.content, wanted.picture.content_type)
    try:
        return _change_profile(auth, actor, lambda said: replace(wanted.profile(said), image=kept), wanted.email)
    except ScanwardError:
        auth.pictures.remove(kept)
        raise


def picture_link(auth: AuthDeps, account: Account) -> str | None:
    """An address that shows the account's picture for five minutes; None without one."""
    return auth.pictures.link(account.profile.image) if account.profile.image else None


def _change_profile(auth: AuthDeps, actor: Actor, change: Callable[[Profile], Profile], email: str | None) -> Account:
    def changed(found: Credentials) -> Credentials:
        old = found.account
        names = replace(old.names, email=email) if email else old.names
        return replace(found, account=replace(old, names=names, profile=change(old.profile), updated_at=auth.now()))

    before, after = _change(auth, actor, changed, ends_sessions=False)
    if before.profile.image not in (None, after.profile.image):
        auth.pictures.remove(before.profile.image)
    return after


def _change(
    auth: AuthDeps, actor: Actor, change: Callable[[Credentials], Credentials], *, ends_sessions: bool
) -> tuple[Account, Account]:
    """The account before and after."""
    for last in (False, False, True):
        before = _get_own(auth, actor)
        after = change(before)
        try:
            auth.accounts.change(before, after, ends_sessions=ends_sessions)
        except Conflict:
            if last:
                raise
        else:
            break
    return before.account, after.account


def _get_own(auth: AuthDeps, actor: Actor) -> Credentials:
    found = auth.accounts.get(actor.account_id)
    if found is None:
        raise NotAuthenticated
    return found


def request_erasure(auth: AuthDeps, actor: Actor, address: str, password: str) -> None:
    """Locks the account at once, and has it erased. Raises InvalidFields for a wrong password, LastAdministrator.

    It is asked for before the account is locked: if that fails, the account is as it was; whatever fails behind it, it
    is erased.
    """
    name = str(actor.account_id)
    auth.login_limiter.count_call(address, name)
    found = auth.accounts.get(actor.account_id)
    right = passwords.matches(password, found.password_hash if found else None)
    if found is None or not right:
        auth.login_limiter.count_failure(address, name)
        raise InvalidFields({"password": ["This is not your password."]})
    auth.accounts.require_another_administrator(found.account)
    auth.personal_data.enqueue(RequestKind.ERASURE, actor.account_id)
    auth.accounts.lock(actor.account_id, auth.now())
