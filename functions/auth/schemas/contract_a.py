"""Bodies and answers of contract A: user names, and `is_patient` or `is_doctor`."""

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from functions.auth.schemas.fields import Email, Identifier, NewPassword, Phone, RecoveryCodesLeft, Username
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import RenewedTokens, SignedIn
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.web.fields import Body, Out


class MemberBody(Body):
    """`POST /api/register` of a patient or a doctor; doctors need a `registration_id`."""

    username: Username
    email: Email
    password: NewPassword
    is_patient: bool = False
    is_doctor: bool = Field(default=False, validate_default=True)
    registration_id: Identifier | None = Field(default=None, validate_default=True)
    phone_number: Phone | None = None

    @field_validator("is_doctor")
    @classmethod
    def _one_of_two(cls, is_doctor: bool, info: ValidationInfo) -> bool:
        if info.data.get("is_patient") is is_doctor:
            raise PydanticCustomError("role", "One of is_patient and is_doctor is true, the other false.")
        return is_doctor

    @field_validator("registration_id")
    @classmethod
    def _of_doctors(cls, registration_id: str | None, info: ValidationInfo) -> str | None:
        if registration_id is None and info.data.get("is_doctor"):
            raise PydanticCustomError("missing", "This field is required.")
        return registration_id

    def to_command(self) -> Registration:
        role = Role.DOCTOR if self.is_doctor else Role.PATIENT
        names = Names(email=self.email, username=self.username, registration_id=self.registration_id)
        return Registration(role, names, Profile(phone=self.phone_number), self.password)


class RenewalBody(Body):
    """`POST /api/token/refresh`. `rotate`: the refresh token is to be replaced too."""

    refresh: Annotated[str, StringConstraints(min_length=1)]
    rotate: bool = False


class MemberOut(Out):
    """An account, as A shows it. Others than patients and doctors are neither."""

    username: str | None
    email: str | None
    is_patient: bool
    is_doctor: bool
    registration_id: str | None
    phone_number: str | None

    @classmethod
    def from_domain(cls, account: Account) -> Self:
        return cls(**account_fields(account))


class MemberSignedInOut(MemberOut):
    """An account and the tokens of its new session. `recovery_codes_left`: only when one of them opened it."""

    uid: int
    refresh: str
    access: str
    message: str = "Login successful!"
    recovery_codes_left: RecoveryCodesLeft = None

    @classmethod
    def from_sign_in(cls, signed_in_account: SignedIn) -> Self:
        account = signed_in_account.account
        return cls(
            uid=account.id,
            refresh=signed_in_account.refresh,
            access=signed_in_account.access,
            recovery_codes_left=signed_in_account.recovery_codes_left,
            **account_fields(account),
        )


class RenewedOut(Out):
    """A renewed access token; `refresh` only when the shown one was replaced."""

    access: str
    refresh: str | None = Field(default=None, exclude_if=lambda token: token is None)

    @classmethod
    def from_domain(cls, tokens: RenewedTokens) -> Self:
        return cls(access=tokens.access, refresh=tokens.refresh)


def account_fields(account: Account) -> dict[str, Any]:
    """Return an account in A's words."""
    return {
        "username": account.names.username,
        "email": account.names.email,
        "is_patient": account.role is Role.PATIENT,
        "is_doctor": account.role is Role.DOCTOR,
        "registration_id": account.names.registration_id,
        "phone_number": account.profile.phone,
    }
