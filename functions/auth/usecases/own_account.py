"""What people do with their own account, leaving it for good included."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.auth.pictures import CleanPicture
from functions.auth.usecases.credentials import AccountChange, write_change
from functions.auth.usecases.dependencies import AuthDeps
from scanward.clock import fresh_token
from scanward.domain.accounts import Account, Actor, Profile
from scanward.errors import InvalidFields, NotAuthenticated, ScanwardError
from scanward.security import passwords
from scanward.security.authentication import AuthContext
from scanward.stores.accounts import Credentials
from scanward.stores.queues import RequestKind


def read_own_account(deps: AuthDeps, actor: Actor) -> Account:
    """Return the caller's own account."""
    return get_own(deps, actor).account


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """The password that an account has, and the one that it is to have."""

    old: str
    new: str


def change_password(deps: AuthDeps, auth: AuthContext, address: str, change: PasswordChange) -> None:
    """Set a new password in place of the old one, which ends all other sessions.

    Raises InvalidFields for a wrong old one, TooManyRequests, Conflict.
    """
    actor = auth.actor
    deps.login_limiter.count_call(address, str(actor.account_id))
    fields = {"old_password": change.old}

    def with_password(before: Credentials) -> Credentials:
        account = replace(before.account, updated_at=deps.now())
        return replace(before, account=account, password_hash=passwords.hash_password(change.new))

    write_change(
        deps,
        AccountChange(
            # Each time: whoever changed the account meanwhile may have made the old password wrong.
            lambda: require_password(deps, actor, address, fields),
            with_password,
            ends_sessions=True,
            caller=actor.session_id,
            survivor=auth.session,
        ),
    )


def change_credentials(deps: AuthDeps, actor: Actor, email: str | None, password: str | None) -> Account:
    """Set a new email, password, or both. A new password ends all sessions. Raises AlreadyTaken, Conflict."""
    password_hash = passwords.hash_password(password) if password else None

    def change(credentials: Credentials) -> Credentials:
        names = replace(credentials.account.names, email=email) if email else credentials.account.names
        account = replace(credentials.account, names=names, updated_at=deps.now())
        return replace(credentials, account=account, password_hash=password_hash or credentials.password_hash)

    return _change(deps, actor, change, ends_sessions=password_hash is not None)[1]


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What an account's owner changes of their profile. `email`, `picture`: None where they stay as they are."""

    profile: Callable[[Profile], Profile]
    email: str | None = None
    picture: CleanPicture | None = None


def change_profile(deps: AuthDeps, actor: Actor, change: ProfileChange) -> Account:
    """Change the profile; a picture that another one replaces, or that is cleared, is removed.

    Raises AlreadyTaken, Conflict.
    """
    if change.picture is None:
        return _change_profile(deps, actor, change.profile, change.email)
    name = f"{fresh_token()}.{change.picture.suffix}"
    key = deps.pictures.put(actor.account_id, name, change.picture.content, change.picture.content_type)
    try:
        return _change_profile(deps, actor, lambda profile: replace(change.profile(profile), image=key), change.email)
    except ScanwardError:
        deps.pictures.remove(key)
        raise


def picture_link(deps: AuthDeps, account: Account) -> str | None:
    """Return an address that shows the account's picture for five minutes; None without one."""
    return deps.pictures.link(account.profile.image) if account.profile.image else None


def _change_profile(deps: AuthDeps, actor: Actor, change: Callable[[Profile], Profile], email: str | None) -> Account:
    def with_change(credentials: Credentials) -> Credentials:
        old = credentials.account
        names = replace(old.names, email=email) if email else old.names
        return replace(
            credentials, account=replace(old, names=names, profile=change(old.profile), updated_at=deps.now())
        )

    before, after = _change(deps, actor, with_change, ends_sessions=False)
    if before.profile.image not in (None, after.profile.image):
        deps.pictures.remove(before.profile.image)
    return after


def _change(
    deps: AuthDeps, actor: Actor, change: Callable[[Credentials], Credentials], *, ends_sessions: bool
) -> tuple[Account, Account]:
    """Return the account before and after."""
    own_change = AccountChange(
        lambda: get_own(deps, actor), change, ends_sessions=ends_sessions, caller=actor.session_id
    )
    return write_change(deps, own_change)


def get_own(deps: AuthDeps, actor: Actor) -> Credentials:
    """Return the caller's account as it is stored. Raises NotAuthenticated when it is gone."""
    credentials = deps.accounts.get(actor.account_id)
    if credentials is None:
        raise NotAuthenticated
    return credentials


def request_erasure(deps: AuthDeps, actor: Actor, address: str, password: str) -> None:
    """Lock the account at once, and have it erased. Raises InvalidFields for a wrong password, LastAdministrator.

    It is asked for before the account is locked: if that fails, the account is as it was; whatever fails behind it, it
    is erased.
    """
    deps.login_limiter.count_call(address, str(actor.account_id))
    credentials = require_password(deps, actor, address, {"password": password})
    deps.accounts.require_another_administrator(credentials.account)
    deps.personal_data.enqueue(RequestKind.ERASURE, actor.account_id)
    deps.accounts.lock(actor.account_id, deps.now())


def require_password(deps: AuthDeps, actor: Actor, address: str, fields: dict[str, str]) -> Credentials:
    """Return the caller's account if the one field holds its password; else the failure is counted.

    Raises InvalidFields.
    """
    [(field, password)] = fields.items()
    credentials = deps.accounts.get(actor.account_id)
    right = passwords.matches(password, credentials.password_hash if credentials else None)
    if credentials is None or not right:
        deps.login_limiter.count_failure(address, str(actor.account_id))
        raise InvalidFields({field: ["This is not your password."]})
    return credentials
