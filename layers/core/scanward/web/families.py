"""Two families of answers. Envelope: `{"success", "data" | "error"}`. Flat: bare objects, `{"error": "…"}`."""

import json
from enum import Enum
from typing import Any

from scanward.errors import InvalidFields, ScanwardError
from scanward.web.statuses import status_of


class Family(Enum):
    """How a route's answers and errors are dressed."""

    ENVELOPE = "envelope"
    FLAT = "flat"

    def dress(self, body: str, cursor: str | None = None) -> str:
        """A successful JSON answer in the family's shape. `cursor`: where the next page of a list begins."""
        if self is Family.FLAT:
            return body
        more = f',"next":{json.dumps(cursor)}' if cursor else ""
        return f'{{"success":true,"data":{body}{more}}}'

    def refuse(self, error: ScanwardError) -> tuple[int, str]:
        """(status, JSON body) of an error in the family's shape."""
        status = status_of(error)
        if self is Family.FLAT:
            return status.flat, json.dumps(_flat(error, bare=status.bare))
        said: dict[str, Any] = {"code": status.code, "message": error.message, "details": dict(error.details)}
        return status.envelope, json.dumps({"success": False, "error": said})


def _flat(error: ScanwardError, *, bare: bool) -> Any:
    if isinstance(error, InvalidFields) and error.fields:
        return error.fields
    return error.message if bare else {"error": error.message, **error.details}


def family_of(path: str) -> Family:
    """The family that a path belongs to, for answers that no route gives."""
    flat = path in {"/predict", "/api"} or path.startswith("/api/")
    return Family.FLAT if flat else Family.ENVELOPE
