"""What people do with their own account."""

from collections.abc import Callable
from dataclasses import replace

from functions.auth.usecases.dependencies import Auth
from scanward.domain.accounts import Account, Actor, Profile
from scanward.errors import Conflict, NotAuthenticated
from scanward.security import passwords
from scanward.stores.accounts import Credentials


def me(auth: Auth, actor: Actor) -> Account:
    """The caller's own account."""
    return _own(auth, actor).account


def change_credentials(auth: Auth, actor: Actor, email: str | None, password: str | None) -> Account:
    """A new email, password, or both. A new password ends all sessions. Raises AlreadyTaken, Conflict."""
    hashed = passwords.hash_password(password) if password else None

    def change(found: Credentials) -> Credentials:
        names = replace(found.account.names, email=email) if email else found.account.names
        account = replace(found.account, names=names, updated_at=auth.now())
        return replace(found, account=account, password_hash=hashed or found.password_hash)

    return _changed(auth, actor, change, ends_sessions=hashed is not None)


def change_profile(auth: Auth, actor: Actor, change: Callable[[Profile], Profile], email: str | None = None) -> Account:
    """What somebody says of themselves, anew, and a new email if one is given. Raises AlreadyTaken, Conflict."""

    def changed(found: Credentials) -> Credentials:
        old = found.account
        names = replace(old.names, email=email) if email else old.names
        return replace(found, account=replace(old, names=names, profile=change(old.profile), updated_at=auth.now()))

    return _changed(auth, actor, changed, ends_sessions=False)


def _changed(auth: Auth, actor: Actor, change: Callable[[Credentials], Credentials], *, ends_sessions: bool) -> Account:
    for last in (False, False, True):
        before = _own(auth, actor)
        after = change(before)
        try:
            auth.accounts.change(before, after, ends_sessions=ends_sessions)
        except Conflict:
            if last:
                raise
        else:
            break
    return after.account


def _own(auth: Auth, actor: Actor) -> Credentials:
    found = auth.accounts.get(actor.account_id)
    if found is None:
        raise NotAuthenticated
    return found
