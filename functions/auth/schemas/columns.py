"""Bodies and answers of contract E: the columns of its Users table."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal, Self

from functions.auth.schemas.fields import Email, NewPassword, Phone
from functions.auth.usecases.registration import Registration
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.web.fields import Body, Called, Out


class UserBody(Body):
    """`POST /api/register` with a `usertype`."""

    full_name: Called
    email: Email
    phone: Phone | None = None
    usertype: Literal["patient", "doctor"]
    password: NewPassword

    def wanted(self) -> Registration:
        profile = Profile(full_name=self.full_name, phone=self.phone)
        return Registration(Role(self.usertype.upper()), Names(email=self.email), profile, self.password)


class UserOut(Out):
    """An account in E's columns. `usertype` is also hospital, lab or admin."""

    id: int
    full_name: str | None
    email: str | None
    phone: str | None
    usertype: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: Account, image: str | None = None) -> Self:
        """`image`: an address of the account's picture; only profiles show it."""
        said: dict[str, Any] = {**asdict(account.profile), **asdict(account.names)}
        said |= {"id": account.id, "full_name": account.full_name, "usertype": account.role.value.lower()}
        said |= {"created_at": account.created_at, "updated_at": account.updated_at}
        said |= {"age": account.age_on(datetime.now(UTC).date()), "is_approved": account.is_approved}
        said["image"] = image
        return cls(**{name: said[name] for name in cls.model_fields})
