"""The shortest registrations that contract C takes."""

from typing import Any

KINDS = ["user", "doctor", "hospital", "labo"]
NAMES = {"carte_id": "C-1", "email": "ada@example.org", "password": "correct horse"}
PERSON = NAMES | {"first_name": "Ada", "last_name": "Byron"}


def body(kind: str, **fields: object) -> dict[str, Any]:
    """Return a registration with these fields changed, which the document nests in a profile for all but patients."""
    if kind == "user":
        return PERSON | fields
    return {"profile": (PERSON if kind == "doctor" else NAMES) | fields}
