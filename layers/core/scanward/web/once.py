"""The Idempotency-Key of a request, and the fingerprint that tells a replay from another request."""

import hashlib
import json

from pydantic import BaseModel

from scanward.domain.once import Once
from scanward.errors import InvalidFields
from scanward.web.call import Call

HEADER = "Idempotency-Key"
MAX_KEY = 255


def read_once(key: str | None, account_id: int, route: str, call: Call[object]) -> Once | None:
    """The key of a call to a route; None without one.

    Raises InvalidFields for one that is too long or not of printable ASCII characters. The fingerprint is made of
    method, route, parsed fields and the hashes of files: the bytes of a form differ with each sending of it, since its
    boundary does.
    """
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidFields({HEADER: [f"Send 1 to {MAX_KEY} printable ASCII characters."]})
    fields = call.body.model_dump(mode="json") if isinstance(call.body, BaseModel) else None
    digests = {name: hashlib.sha256(file.content).hexdigest() for name, file in call.files.items()}
    said = json.dumps([route, dict(call.path), fields, digests], sort_keys=True)
    return Once(account_id, _hash(key), _hash(said))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
