"""Leaving for good: all that is kept of somebody is erased, but for the access log."""

from dataclasses import replace

from functions.auth.usecases.dependencies import Auth
from scanward.domain.accounts import Actor
from scanward.errors import Conflict, InvalidFields
from scanward.security import passwords
from scanward.stores.accounts import LastAdministrator
from scanward.stores.own_data_queue import Wish


def leave(auth: Auth, actor: Actor, address: str, password: str) -> None:
    """Locks the account at once, and has it erased. Raises InvalidFields for a wrong password, LastAdministrator.

    It is asked for before the account is locked: whatever fails in between, it is erased.
    """
    name = str(actor.account_id)
    auth.attempts.begin(address, name)
    found = auth.accounts.get(actor.account_id)
    if not passwords.matches(password, found.password_hash if found else None):
        auth.attempts.fail(address, name)
        raise InvalidFields({"password": ["This is not your password."]})
    if actor.is_admin:
        _lock(auth, actor)  # the last administrator stays, and is told so
    auth.own_data.ask(Wish.ERASURE, actor.account_id)
    _lock(auth, actor)


def _lock(auth: Auth, actor: Actor) -> None:
    """Ends all sessions, and lets nobody in again; the erasing may be at it already."""
    for last in (False, False, True):
        found = auth.accounts.get(actor.account_id)
        if found is None or not found.account.is_active:
            return
        locked = replace(found.account, is_active=False, updated_at=auth.now())
        try:
            auth.accounts.change(found, replace(found, account=locked), ends_sessions=True)
        except LastAdministrator:
            raise
        except Conflict:
            if last:
                raise
