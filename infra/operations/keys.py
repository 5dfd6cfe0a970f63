"""A fresh key to sign tokens with."""

import secrets

from scanward.domain.signing import NOTICE_SECONDS, SigningKey, rotate
from scanward.stores.secrets import read_token_keys, write_token_keys


def rotate_keys(secret: str, now: int) -> str:
    """Adds a key that signs after the notice, and retires the others; its id. Nobody is logged out.

    Raises Unavailable.
    """
    keys = read_token_keys(secret)
    fresh = SigningKey(f"k{now}", secrets.token_urlsafe(48))
    write_token_keys(secret, rotate(keys, fresh, now))
    return fresh.id


def notice() -> str:
    """When a new key begins to sign, in words."""
    return f"in {NOTICE_SECONDS // 60} minutes"
