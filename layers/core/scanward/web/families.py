"""Two families of answers, and the one table from an error to its HTTP status and code.

Envelope: `{"success", "data" | "error"}`. Flat: bare objects, `{"error": "…"}`.
"""

import json
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from scanward import errors
from scanward.errors import InvalidFields, ScanwardError


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
        errors.OneTimePasswordRequired: _same("ONE_TIME_PASSWORD_REQUIRED", 401),
        errors.InvalidOneTimePassword: _same("INVALID_ONE_TIME_PASSWORD", 401),
        errors.NotApproved: Status("NOT_APPROVED", 403, 404, bare=True),
        errors.NotAllowed: _same("NOT_ALLOWED", 403),
        errors.EnrolmentRequired: _same("ONE_TIME_PASSWORD_REQUIRED", 403),
        errors.NotFound: _same("NOT_FOUND", 404),
        errors.MethodNotAllowed: _same("METHOD_NOT_ALLOWED", 405),
        errors.Conflict: _same("CONFLICT", 409),
        errors.IdempotencyKeyReused: _same("KEY_REUSED", 422),
        errors.InProgress: _same("UNDER_WAY", 409),
        errors.TooLarge: _same("TOO_LARGE", 413),
        errors.UnsupportedMedia: _same("UNSUPPORTED_MEDIA", 415),
        errors.TooManyRequests: _same("TOO_MANY_REQUESTS", 429),
        errors.Unavailable: _same("UNAVAILABLE", 503),
        errors.ScanwardError: _same("INTERNAL_ERROR", 500),
    }
)


def status_of(error: errors.ScanwardError) -> Status:
    """Return the row of the error's own type, else of the nearest it derives from."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return TABLE[errors.ScanwardError]


class Family(Enum):
    """How a route's answers and errors are dressed."""

    ENVELOPE = "envelope"
    FLAT = "flat"

    def answer_body(self, body: str, cursor: str | None = None) -> str:
        """Return a successful JSON answer in the family's shape. `cursor`: where the next page of a list begins."""
        if self is Family.FLAT:
            return body
        more = f',"next":{json.dumps(cursor)}' if cursor else ""
        return f'{{"success":true,"data":{body}{more}}}'

    def error_body(self, error: ScanwardError) -> tuple[int, str]:
        """Return (status, JSON body) of an error in the family's shape."""
        status = status_of(error)
        if self is Family.FLAT:
            return status.flat, json.dumps(_flat(error, bare=status.bare))
        content: dict[str, Any] = {"code": status.code, "message": error.message, "details": dict(error.details)}
        return status.envelope, json.dumps({"success": False, "error": content})


def _flat(error: ScanwardError, *, bare: bool) -> Any:
    if isinstance(error, InvalidFields) and error.fields:
        return error.fields
    return error.message if bare else {"error": error.message, **error.details}


def family_of(path: str) -> Family:
    """Return the family that a path belongs to, for answers that no route gives."""
    flat = path in {"/predict", "/api"} or path.startswith("/api/")
    return Family.FLAT if flat else Family.ENVELOPE
