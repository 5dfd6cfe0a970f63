"""Authentication of every request that needs an account: token, live session, rate limit; one round trip.

Brute force on passwords, and why there is no lockout: see `rate_limits`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from scanward.domain.accounts import Actor
from scanward.domain.tokens import Claims, Session, TokenType
from scanward.errors import EnrolmentRequired, NotAuthenticated, TokenOver, TooManyRequests

if TYPE_CHECKING:
    from scanward.security.tokens import Tokens
    from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class AuthContext:
    """Who came through, with what, in which session, and how much of the minute's limit is left."""

    actor: Actor
    claims: Claims
    session: Session
    limit: int
    remaining: int
    resets_in: int


class Authenticator:
    """Lets requests through. `limit`: requests a minute and account.

    `administrators_enrol`: administrators turn on one-time passwords before they do anything else.
    """

    def __init__(
        self,
        store: "SessionStore",
        tokens: "Tokens",
        limit: int,
        now: Callable[[], datetime],
        *,
        administrators_enrol: bool = False,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._limit = limit
        self._now = now
        self._administrators_enrol = administrators_enrol

    def authenticate(self, token: str, kind: TokenType, *, is_enrolling: bool = False) -> AuthContext:
        """Return who calls. `is_enrolling`: what they call is open to who must turn on one-time passwords first.

        Raises NotAuthenticated for a token that does not hold, TokenOver when it or its session has ended,
        TooManyRequests over the limit, EnrolmentRequired. A session may be renewed by who must enrol: it opens no more
        than it did.
        """
        claims = self._tokens.verify(token, kind)
        now = int(self._now().timestamp())
        try:
            passage = self._store.count_request(claims.account_id, claims.session_id, now)
        except NotAuthenticated as ended:
            raise TokenOver from ended
        resets_in = 60 - now % 60
        if passage.count > self._limit:
            raise TooManyRequests(resets_in, self._limit)
        if not is_enrolling and kind is not TokenType.REFRESH and self._must_enrol(passage.actor):
            raise EnrolmentRequired
        return AuthContext(
            actor=passage.actor,
            claims=claims,
            session=passage.session,
            limit=self._limit,
            remaining=self._limit - passage.count,
            resets_in=resets_in,
        )

    def _must_enrol(self, actor: Actor) -> bool:
        return self._administrators_enrol and actor.is_admin and not actor.has_one_time_password


def bearer(header: str | None) -> str:
    """Return the token of an `Authorization: Bearer …` header (RFC 6750). Raises NotAuthenticated."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return token.strip()
