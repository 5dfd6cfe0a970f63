"""Tokens: JWT (RFC 7519), HS256, with a key id. Of several kinds, and none passes for another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt

from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRange, PageRequest
from scanward.domain.tokens import (
    ANNOUNCEMENT_SECONDS,
    LIFETIMES,
    MAX_TOKEN_LENGTH,
    Claims,
    SigningKey,
    TokenKeys,
    TokenType,
)
from scanward.errors import InvalidCursor, NotAuthenticated, NotFound, TokenOver, Unavailable

ISSUER = "scanward"
AUDIENCE = "scanward-api"
LEEWAY = timedelta(seconds=30)
REFETCH_AFTER = timedelta(minutes=1)
REREAD_AFTER = timedelta(seconds=ANNOUNCEMENT_SECONDS / 2)
_REQUIRED_CLAIMS = ["exp", "iat", "jti", "iss", "aud", "typ", "sub", "sid"]


class Tokens:
    """Issues and verifies tokens with the keys that `read_keys` gives, kept for the life of the process."""

    def __init__(self, read_keys: Callable[[], TokenKeys], now: Callable[[], datetime]) -> None:
        self._read_keys = read_keys
        self._now = now
        self._keys: TokenKeys | None = None
        self._read_at: datetime | None = None

    def issue(self, kind: TokenType, claims: Claims, at: datetime | None = None) -> str:
        """Return a signed token of one kind, from now on or from `at`.

        Raises Unavailable when the keys cannot be read.
        """
        now, signing = at or self._now(), self._signing()
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": kind.value,
            "sub": str(claims.account_id),
            "sid": claims.session_id,
            "jti": claims.id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIMES[kind]).timestamp()),
        }
        if claims.task_id is not None:
            payload["tid"] = str(claims.task_id)
        return jwt.encode(payload, signing.key, algorithm="HS256", headers={"kid": signing.id})

    def verify(self, token: str, kind: TokenType) -> Claims:
        """Return what the token says.

        Raises NotAuthenticated, in the same words whatever is wrong with it; TokenOver when it was good once.
        """
        try:
            if len(token) > MAX_TOKEN_LENGTH:
                raise NotAuthenticated
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            payload = jwt.decode(
                token,
                key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": _REQUIRED_CLAIMS, "verify_sub": True},
            )
            if payload["typ"] != kind.value:
                raise NotAuthenticated
            task = payload.get("tid")
            return Claims(int(payload["sub"]), str(payload["sid"]), str(payload["jti"]), int(task) if task else None)
        except jwt.ExpiredSignatureError as error:  # the signature was looked at first
            raise TokenOver from error
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise NotAuthenticated from error

    def task_id(self, text: str) -> int:
        """Return the task that a task token, or an id in either spelling, means. Raises NotFound for anything else."""
        if text.count(".") != 2:
            return parse_id(text)
        try:
            task_id = self.verify(text, TokenType.TASK).task_id
        except NotAuthenticated as stale:
            raise NotFound from stale
        if task_id is None:
            raise NotFound
        return task_id

    def cursor(self, last: int, scope: str) -> str:
        """Return a signed place in a list; `scope` names the list and its filters, and hold for no other."""
        signing = self._signing()
        payload = {"typ": "cursor", "last": str(last), "scope": scope}
        return jwt.encode(payload, signing.key, algorithm="HS256", headers={"kid": signing.id})

    def read_cursor(self, text: str, scope: str) -> int:
        """Return the id after which the next page begins. Raises InvalidCursor."""
        try:
            if len(text) > MAX_TOKEN_LENGTH:
                raise InvalidCursor
            key = self._key(jwt.get_unverified_header(text).get("kid"))
            payload = jwt.decode(text, key, algorithms=["HS256"])
            if (payload["typ"], payload["scope"]) != ("cursor", scope):
                raise InvalidCursor
            return int(payload["last"])
        except (jwt.InvalidTokenError, NotAuthenticated, KeyError, ValueError, RecursionError) as error:
            raise InvalidCursor from error

    def page_range(self, request: PageRequest, scope: str) -> PageRange:
        """Return which rows of a list a request means; `scope` names the list. Raises InvalidCursor."""
        before = self.read_cursor(request.cursor, scope) if request.cursor else None
        return PageRange(request.skip, request.limit, before)

    def next_cursor(self, last: int | None, scope: str) -> str | None:
        """Return the cursor of the page behind the id or place `last`, None when there is no such page."""
        return self.cursor(last, scope) if last is not None else None

    def pepper(self) -> str:
        """Return a secret that keys hashes of what must be counted without being known."""
        return self._signing().key

    def _key(self, kid: object) -> str:
        now = self._now()
        key = self._current().verifying(kid, int(now.timestamp()))
        if key is None and self._read_at and now - self._read_at >= REFETCH_AFTER:
            # Rotated meanwhile; at most once a minute, so that garbage costs no calls.
            key = self._read().verifying(kid, int(now.timestamp()))
        if key is None:
            raise NotAuthenticated
        return key

    def _signing(self) -> SigningKey:
        return self._current().signing(int(self._now().timestamp()))

    def _current(self) -> TokenKeys:
        if self._keys is None or self._read_at is None:
            return self._read()
        if self._now() - self._read_at >= REREAD_AFTER:
            try:
                return self._read()
            except Unavailable:
                self._read_at = self._now()  # those at hand hold for days yet
        return self._keys

    def _read(self) -> TokenKeys:
        self._keys, self._read_at = self._read_keys(), self._now()
        return self._keys
