"""The keys that tokens are signed with, and how one follows another without logging anybody out.

A new key is known to all for a while before it signs, and an old one verifies until the last token that it signed has
expired. Times in Unix seconds.
"""

from dataclasses import dataclass, replace

NOTICE_SECONDS = 300  # processes read the keys anew within this time
KEPT_SECONDS = 31 * 24 * 3600  # a refresh token's life, and a day


class NoSigningKey(LookupError):
    """None of the keys signs yet."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key. It signs from `signs_from` until a later one does, and verifies until `verifies_until`, if set."""

    id: str
    key: str
    signs_from: int = 0
    verifies_until: int | None = None


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """All keys of a deployment."""

    keys: tuple[SigningKey, ...]

    def signing(self, now: int) -> SigningKey:
        """The key that signs at `now`. Raises NoSigningKey."""
        begun = [key for key in self.keys if key.signs_from <= now]
        if not begun:
            raise NoSigningKey
        return max(begun, key=lambda key: key.signs_from)

    def verifying(self, key_id: object, now: int) -> str | None:
        """The key of this id, if it still verifies."""
        for key in self.keys:
            if key.id == key_id and (key.verifies_until is None or now < key.verifies_until):
                return key.key
        return None


def rotate(keys: TokenKeys, fresh: SigningKey, now: int) -> TokenKeys:
    """With a fresh key that signs after the notice; the others retire then, and those that have are dropped."""
    begins = now + NOTICE_SECONDS
    retired = tuple(
        key if key.verifies_until is not None else replace(key, verifies_until=begins + KEPT_SECONDS)
        for key in keys.keys
        if key.verifies_until is None or now < key.verifies_until
    )
    return TokenKeys((*retired, replace(fresh, signs_from=begins)))
