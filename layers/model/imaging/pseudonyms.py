"""New UIDs for old ones: alike under one key, and not to be traced back without it."""

import hashlib
import hmac

_STANDARD = "1.2.840.10008."
"""The standard's own UIDs name formats and kinds of things, never a patient or an examination."""


class Pseudonyms:
    """Replaces UIDs by a keyed digest of them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def uid(self, original: str) -> str:
        """The UID that takes the place of `original`; the standard's own stay."""
        if original.startswith(_STANDARD):
            return original
        digest = hmac.new(self._key, original.encode("utf-8", "replace"), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"
