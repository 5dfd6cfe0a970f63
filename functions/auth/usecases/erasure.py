"""Leaving for good: all that is kept of somebody is erased, but for the access log."""

from functions.auth.usecases.dependencies import Auth
from scanward.domain.accounts import Actor
from scanward.errors import InvalidFields
from scanward.security import passwords
from scanward.stores.own_data_queue import Wish


def leave(auth: Auth, actor: Actor, address: str, password: str) -> None:
    """Locks the account at once, and has it erased. Raises InvalidFields for a wrong password, LastAdministrator.

    It is asked for before the account is locked: if that fails, the account is as it was; whatever fails behind it, it
    is erased.
    """
    name = str(actor.account_id)
    auth.attempts.begin(address, name)
    found = auth.accounts.get(actor.account_id)
    right = passwords.matches(password, found.password_hash if found else None)
    if found is None or not right:
        auth.attempts.fail(address, name)
        raise InvalidFields({"password": ["This is not your password."]})
    auth.accounts.insist_on_another_administrator(found.account)
    auth.own_data.ask(Wish.ERASURE, actor.account_id)
    auth.accounts.lock(actor.account_id, auth.now())
