"""Tokens: JWT (RFC 7519), HS256, with a key id. Three kinds, and none passes for another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import jwt

from scanward.domain.ids import parse_id
from scanward.errors import NotAuthenticated, NotFound

if TYPE_CHECKING:  # functions without accounts import this module for its names, and no SDK
    from scanward.stores.secrets import TokenKeys

ISSUER = "scanward"
AUDIENCE = "scanward-api"
LEEWAY = timedelta(seconds=30)
MAX_LENGTH = 2048
REFETCH_AFTER = timedelta(minutes=1)
_REQUIRED = ["exp", "iat", "jti", "iss", "aud", "typ", "sub", "sid"]


class TokenType(StrEnum):
    """What a token is for."""

    ACCESS = "access"
    REFRESH = "refresh"
    TASK = "task"


LIFETIMES = {
    TokenType.ACCESS: timedelta(minutes=15),
    TokenType.REFRESH: timedelta(days=30),
    TokenType.TASK: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `task_id` only in task tokens."""

    account_id: int
    session_id: str
    task_id: int | None = None


class Tokens:
    """Issues and verifies tokens with the keys that `read_keys` gives, kept for the life of the process."""

    def __init__(self, read_keys: Callable[[], "TokenKeys"], now: Callable[[], datetime]) -> None:
        self._read_keys = read_keys
        self._now = now
        self._keys: TokenKeys | None = None
        self._read_at: datetime | None = None

    def issue(self, kind: TokenType, claims: Claims, jti: str) -> str:
        """A signed token of one kind. Raises Unavailable when the keys cannot be read."""
        now, keys = self._now(), self._current()
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": kind.value,
            "sub": str(claims.account_id),
            "sid": claims.session_id,
            "jti": jti,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIMES[kind]).timestamp()),
        }
        if claims.task_id is not None:
            payload["tid"] = str(claims.task_id)
        return jwt.encode(payload, keys.keys[keys.current], algorithm="HS256", headers={"kid": keys.current})

    def verify(self, token: str, kind: TokenType) -> Claims:
        """What the token says. Raises NotAuthenticated, in the same words whatever is wrong with it."""
        try:
            if len(token) > MAX_LENGTH:
                raise NotAuthenticated
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            payload = jwt.decode(
                token,
                key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": _REQUIRED, "verify_sub": True},
            )
            if payload["typ"] != kind.value:
                raise NotAuthenticated
            task = payload.get("tid")
            return Claims(int(payload["sub"]), str(payload["sid"]), int(task) if task else None)
        except (jwt.InvalidTokenError, ValueError, RecursionError) as broken:
            raise NotAuthenticated from broken

    def task_id(self, text: str) -> int:
        """The task that a task token, or an id in either spelling, means. Raises NotFound for anything else."""
        if text.count(".") != 2:
            return parse_id(text)
        try:
            task_id = self.verify(text, TokenType.TASK).task_id
        except NotAuthenticated as stale:
            raise NotFound from stale
        if task_id is None:
            raise NotFound
        return task_id

    def _key(self, kid: object) -> str:
        keys = self._current()
        if kid not in keys.keys and self._read_at and self._now() - self._read_at >= REFETCH_AFTER:
            keys = self._read()  # rotated meanwhile; at most once a minute, so that garbage costs no calls
        if not isinstance(kid, str) or kid not in keys.keys:
            raise NotAuthenticated
        return keys.keys[kid]

    def _current(self) -> "TokenKeys":
        return self._keys or self._read()

    def _read(self) -> "TokenKeys":
        self._keys, self._read_at = self._read_keys(), self._now()
        return self._keys
