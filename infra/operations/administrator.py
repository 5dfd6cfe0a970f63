"""An administrator of a stack, whose password nobody chose."""

import secrets

from pydantic import TypeAdapter, ValidationError

from functions.auth.schemas.fields import Email
from infra.local.refusal import LocalRefused
from scanward.clock import fresh_id, now
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.security.passwords import hash_password
from scanward.stores.accounts import AccountStore


def create_administrator(accounts_table: str, email: str) -> str:
    """Adds an administrator and gives its random password.

    `AWS_ENDPOINT_URL` says which cloud holds the table. Raises AlreadyTaken when the email is in use, and
    LocalRefused for what is none: nobody could log in by it, and it would count as somebody who administers.
    """
    try:
        TypeAdapter[str](Email).validate_python(email)
    except ValidationError as broken:
        raise LocalRefused("That is no email address.", "make admin EMAIL=ada@example.org") from broken
    password, when = secrets.token_urlsafe(15), now()
    account = accounts.register(fresh_id(when), Role.ADMIN, Names(email=email), Profile(), when)
    AccountStore(accounts_table).add(account, hash_password(password))
    return password
