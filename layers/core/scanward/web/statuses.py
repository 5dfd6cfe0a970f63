"""The one table from what went wrong to an HTTP status and a code. Nothing else knows both."""

from dataclasses import dataclass
from types import MappingProxyType

from scanward import errors


@dataclass(frozen=True, slots=True)
class Status:
    """`flat` where the flat family's documents differ from the envelope's. `bare`: they show the text alone."""

    code: str
    envelope: int
    flat: int
    bare: bool = False


def _same(code: str, status: int) -> Status:
    return Status(code, status, status)


TABLE = MappingProxyType(
    {
        errors.MalformedBody: _same("MALFORMED_BODY", 400),
        errors.InvalidCursor: _same("INVALID_CURSOR", 400),
        errors.InvalidFields: Status("VALIDATION_ERROR", 422, 400),
        errors.AlreadyTaken: Status("ALREADY_TAKEN", 409, 400),
        errors.NotAuthenticated: _same("NOT_AUTHENTICATED", 401),
        errors.InvalidCredentials: _same("INVALID_CREDENTIALS", 401),
        errors.NotApproved: Status("NOT_APPROVED", 403, 404, bare=True),
        errors.NotAllowed: _same("NOT_ALLOWED", 403),
        errors.NotFound: _same("NOT_FOUND", 404),
        errors.MethodNotAllowed: _same("METHOD_NOT_ALLOWED", 405),
        errors.Conflict: _same("CONFLICT", 409),
        errors.KeyReused: _same("KEY_REUSED", 422),
        errors.UnderWay: _same("UNDER_WAY", 409),
        errors.TooLarge: _same("TOO_LARGE", 413),
        errors.UnsupportedMedia: _same("UNSUPPORTED_MEDIA", 415),
        errors.TooManyRequests: _same("TOO_MANY_REQUESTS", 429),
        errors.Unavailable: _same("UNAVAILABLE", 503),
        errors.ScanwardError: _same("INTERNAL_ERROR", 500),
    }
)


def status_of(error: errors.ScanwardError) -> Status:
    """The row of the error's own type, else of the nearest it derives from."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return TABLE[errors.ScanwardError]
