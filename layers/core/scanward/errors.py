"""The one family of errors. None knows a status code: `scanward.web.families` maps types to statuses."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

Fields = Mapping[str, Sequence[str]]


class ScanwardError(Exception):
    """Base of all refusals. `message` and `details` are safe to show: they hold no personal data and no input."""

    message = "Something went wrong"
    details: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, message: str | None = None) -> None:
        self.message = message or type(self).message
        super().__init__(self.message)


class MalformedBody(ScanwardError):
    """The body cannot be read as what its content type says."""

    message = "The body cannot be read"


class InvalidCursor(ScanwardError):
    """A cursor that we did not give, or not for this list."""

    message = "The cursor is not valid"


class InvalidFields(ScanwardError):
    """Fields that break the schema: field name → what is wrong with it, every broken one at once."""

    message = "Some fields are not valid"

    def __init__(self, fields: Fields, message: str | None = None) -> None:
        super().__init__(message)
        self.fields = {name: list(texts) for name, texts in fields.items()}
        self.details = self.fields


class AlreadyTaken(InvalidFields):
    """Fields whose values must be unique and are not."""

    message = "Some values are already taken"


class NotAuthenticated(ScanwardError):
    """No credential, or one that does not hold. Always the same words, whatever was wrong with it."""

    message = "Not authenticated"


class TokenOver(NotAuthenticated):
    """A token that we signed, whose time or session is over."""


class InvalidCredentials(NotAuthenticated):
    """A login that does not match, whether or not the account exists."""

    message = "Invalid credentials"


class OneTimePasswordRequired(NotAuthenticated):
    """A login with the right password, of an account whose logins need a one-time password as well."""

    message = "A one-time password is required"


class InvalidOneTimePassword(InvalidCredentials):
    """A one-time password or recovery code that does not hold, or was used before."""

    message = "Invalid one-time password"


class InvalidRefreshToken(NotAuthenticated):
    """A refresh token that does not hold."""

    message = "Invalid refresh token"


class NotApproved(ScanwardError):
    """A professional whom no administrator has approved, where approval is needed to get in."""

    message = "You are not approved yet"


class NotAllowed(ScanwardError):
    """Signed in, but this is not for the caller's role."""

    message = "Not allowed"


class EnrolmentRequired(NotAllowed):
    """An administrator who must turn on one-time passwords before anything else."""

    message = "Administrators turn on one-time passwords first"


class NotFound(ScanwardError):
    """Missing, or another account's: the answer is the same."""

    message = "Not found"


class MethodNotAllowed(ScanwardError):
    """The path exists, the method does not. `allowed` are those that do."""

    message = "Method not allowed"

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__()
        self.allowed_methods = tuple(methods)


class Conflict(ScanwardError):
    """The thing is not in a state that allows this."""

    message = "The state has moved on"


class IdempotencyKeyReused(ScanwardError):
    """An Idempotency-Key that came with another request before."""

    message = "The Idempotency-Key was used for another request"


class InProgress(Conflict):
    """The same request, with the same Idempotency-Key, is being carried out; `retry_after` in whole seconds."""

    message = "The same request is being carried out"
    retry_after = 5


class TooLarge(ScanwardError):
    """More bytes than this way of sending carries."""

    message = "Too large"


class UnsupportedMedia(ScanwardError):
    """A content type that the route does not read."""

    message = "Unsupported content type"


class TooManyRequests(ScanwardError):
    """Over a limit; `retry_after` in whole seconds."""

    message = "Too many requests"

    def __init__(self, retry_after: int, limit: int = 0) -> None:
        super().__init__()
        self.retry_after = retry_after
        self.limit = limit


class Unavailable(ScanwardError):
    """A service we depend on does not answer; `retry_after` in whole seconds."""

    message = "Temporarily unavailable"
    retry_after = 2
