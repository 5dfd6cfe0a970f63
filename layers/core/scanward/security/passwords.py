"""Passwords: argon2id (RFC 9106) at OWASP's floor of 19 MiB and two passes."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MIN_LENGTH = 8
MAX_LENGTH = 128


def make_hasher() -> PasswordHasher:
    """Return what hashes passwords, at the cost that this module's first line names."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


_hasher = make_hasher()


def hash_password(password: str) -> str:
    """Return the PHC string to keep."""
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Tell whether the password is the one hashed. Without a hash it takes as long and says no."""
    try:
        return _hasher.verify(password_hash or _unmatched_hash(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _unmatched_hash() -> str:
    return hash_password(secrets.token_urlsafe())
