"""Bodies and answers of the account routes, as contract B spells them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from scanward.domain.accounts import MAX_NAME, Account, fold
from scanward.security.passwords import MAX_LENGTH, MIN_LENGTH
from scanward.web.fields import Body, Line, Out, Text


def _email(text: str) -> str:
    local, _, host = text.rpartition("@")
    if (
        not local
        or not host
        or "@" in local
        or any(char.isspace() for char in text)
        or host[0] == "."
        or len(fold(text)) > MAX_NAME
    ):
        raise PydanticCustomError("email", "Enter a valid email address.")
    return text


Email = Annotated[Line, AfterValidator(_email)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_LENGTH)]


def _long_enough(text: str) -> str:
    if len(text) < MIN_LENGTH:
        raise PydanticCustomError("short_password", f"A password has at least {MIN_LENGTH} characters.")
    return text


class Registration(Body):
    """`POST /auth/register`."""

    email: Email
    password: Annotated[Password, AfterValidator(_long_enough)]
    role: Literal["PATIENT", "DOCTOR"] = "PATIENT"


class Login(Body):
    """`POST /auth/login`."""

    email: Line
    password: Password


class AccountOut(Out):
    """An account as its owner sees it."""

    email: str
    is_active: bool
    is_superuser: bool
    role: str
    id: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        return cls(
            email=account.email,
            is_active=account.is_active,
            is_superuser=account.is_superuser,
            role=account.role.value,
            id=account.id,
            created_at=account.created_at,
            updated_at=account.updated_at,
        )


class TokensOut(Out):
    """The tokens of a new session (RFC 6750)."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"


class AccessOut(Out):
    """A renewed access token."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
