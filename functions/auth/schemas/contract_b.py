"""Bodies and answers of contracts B and D, which share their paths; users and password reset included."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from functions.auth.schemas.fields import (
    Email,
    NewPassword,
    RecoveryCodesLeft,
    ShownCode,
    ShownName,
    ShownPassword,
    Username,
)
from functions.auth.usecases.administration import ApprovalDecision
from functions.auth.usecases.own_account import PasswordChange
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import Login
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.domain.one_time_passwords import OneTimePassword
from scanward.domain.pagination import PageRequest
from scanward.domain.tokens import MAX_TOKEN_LENGTH, Session
from scanward.stores.identity.account_lists import AccountFilters
from scanward.web.fields import Body, Cursor, NotBlank, Out, Printable, Upper


class RegisterBody(Body):
    """`POST /auth/register`. D registers by user name and may leave the email out; no role means a patient."""

    username: Username | None = None
    email: Email | None = Field(default=None, validate_default=True)
    password: NewPassword
    role: Literal["PATIENT", "DOCTOR"] = "PATIENT"

    @field_validator("email")
    @classmethod
    def _require_name(cls, email: str | None, info: ValidationInfo) -> str | None:
        if email is None and info.data.get("username", "") is None:
            raise PydanticCustomError("unnamed", "Give an email or a username.")
        return email

    def to_command(self) -> Registration:
        return Registration(Role(self.role), Names(self.email, self.username), Profile(), self.password)


class LoginBody(Body):
    """`POST /auth/login` and `POST /api/login`, by email or user name. `one_time_password`: or a recovery code."""

    username: ShownName | None = None
    email: ShownName | None = Field(default=None, validate_default=True)
    password: ShownPassword
    one_time_password: ShownCode | None = None

    @field_validator("email")
    @classmethod
    def _require_name(cls, email: str | None, info: ValidationInfo) -> str | None:
        if "username" in info.data and (email is None) == (info.data["username"] is None):
            raise PydanticCustomError("unnamed", "Give an email or a username.")
        return email

    def to_login(self) -> Login:
        if self.email is not None:
            return Login("email", self.email, self.password, code=self.one_time_password)
        return Login("username", self.username or "", self.password, code=self.one_time_password)


class RefreshBody(Body):
    """`POST /auth/refresh-token`: nothing, or that the refresh token is to be replaced too."""

    rotate: bool = False


class LogoutBody(Body):
    """`POST /auth/logout`: nothing, or that all sessions are to end."""

    everywhere: bool = False


class CredentialsBody(Body):
    """`PUT /users/me`."""

    email: Email | None = None
    password: NewPassword | None = None


class PasswordBody(Body):
    """`POST /auth/password`."""

    old_password: ShownPassword
    new_password: NewPassword

    def to_change(self) -> PasswordChange:
        return PasswordChange(self.old_password, self.new_password)


class LeaveBody(Body):
    """`DELETE /users/me`: the password once more, since there is no way back."""

    password: ShownPassword


class EnrolBody(Body):
    """`POST /users/me/one-time-password`: the password once more."""

    password: ShownPassword


class EnrolmentOut(Out):
    """What an authenticator app is given, this once. `secret`: in base32; `otpauth_uri`: the same, to be scanned."""

    secret: str
    otpauth_uri: str


class ConfirmBody(Body):
    """`POST /users/me/one-time-password/confirm`: a first code."""

    one_time_password: ShownCode


class RecoveryCodesOut(Out):
    """Codes that each stand in for a one-time password once; shown this once."""

    recovery_codes: tuple[str, ...]


class OneTimePasswordOut(Out):
    """Whether the caller's logins need a one-time password, since when, and how many recovery codes are left."""

    is_on: bool
    since: datetime | None
    recovery_codes_left: int

    @classmethod
    def from_domain(cls, one_time_password: OneTimePassword | None) -> Self:
        if one_time_password is None:
            return cls(is_on=False, since=None, recovery_codes_left=0)
        left = len(one_time_password.recovery_codes)
        return cls(is_on=True, since=one_time_password.since, recovery_codes_left=left)


class TurnOffBody(Body):
    """`DELETE /users/me/one-time-password`. `one_time_password`: or a recovery code."""

    password: ShownPassword
    one_time_password: ShownCode


class AccountOut(Out):
    """An account, as B and D show it. `decided_at`, `decision_reason`: of its approval or refusal."""

    email: str | None
    username: str | None
    is_active: bool
    is_superuser: bool
    is_approved: bool
    role: str
    name: str | None
    age: int | None
    gender: str | None
    id: int
    pk: int
    created_at: datetime
    updated_at: datetime
    decided_at: datetime | None
    decision_reason: str | None

    @classmethod
    def from_domain(cls, account: Account) -> Self:
        return cls(
            email=account.names.email,
            username=account.names.username,
            is_active=account.is_active,
            is_superuser=account.is_superuser,
            is_approved=account.is_approved,
            role=account.role.value,
            name=account.full_name,
            age=account.age_on(datetime.now(UTC).date()),
            gender=account.profile.gender,
            id=account.id,
            pk=account.id,
            created_at=account.created_at,
            updated_at=account.updated_at,
            decided_at=account.decision.at if account.decision else None,
            decision_reason=account.decision.reason if account.decision else None,
        )


class TokensOut(Out):
    """The tokens of a new session (RFC 6750). `recovery_codes_left`: only when one of them opened it."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    recovery_codes_left: RecoveryCodesLeft = None


class AccessOut(Out):
    """A renewed access token; `refresh_token` only when the shown one was replaced."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    refresh_token: str | None = Field(default=None, exclude_if=lambda token: token is None)


class SessionOut(Out):
    """One login of the caller's."""

    id: str
    created_at: datetime
    expires_at: datetime
    current: bool

    @classmethod
    def from_domain(cls, session: Session, current: str) -> Self:
        created_at, ends = (datetime.fromtimestamp(second, UTC) for second in (session.created_at, session.ends))
        return cls(id=session.id, created_at=created_at, expires_at=ends, current=session.id == current)


class ListQuery(Body):
    """`GET /users/`: a window of the list, newest first, and filters."""

    skip: Annotated[int, Field(ge=0, le=1000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Cursor | None = None
    role: Annotated[Role, Upper] | None = None
    is_active: bool | None = None
    approved: bool | None = None

    def page_request(self) -> PageRequest:
        return PageRequest(self.limit, self.cursor, self.skip)

    def to_filters(self) -> AccountFilters:
        return AccountFilters(self.role, self.is_active, self.approved)


class ActivityBody(Body):
    """`PATCH /users/{id}`."""

    is_active: bool


class ApprovalBody(Body):
    """`POST /users/{id}/approval`. The reason is kept with the decision, and whom it is about can read it."""

    approved: bool
    reason: Annotated[str, Field(min_length=1, max_length=1000), Printable, NotBlank] | None = None

    def to_command(self) -> ApprovalDecision:
        return ApprovalDecision(self.approved, self.reason)


class ResetBody(Body):
    """`POST /auth/password-reset`."""

    email: Email


class NewPasswordBody(Body):
    """`POST /auth/password-reset/confirm` and `POST /auth/undo`. `token`: the one that was mailed."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TOKEN_LENGTH)]
    password: NewPassword
