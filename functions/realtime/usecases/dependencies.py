"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.stores.connections import ConnectionStore, WebSocketClient
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class ConnectionDeps:
    """What keeping and ending sockets needs."""

    connections: ConnectionStore
    client: WebSocketClient
    sessions: SessionStore
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RealtimeDeps:
    """What opening sockets and hearing their messages needs.

    `limit`: requests a minute and account, each handshake and each message being one. `origins`: the web origins that
    may open sockets; all when none are named. `mark`: by which a handshake says that it came through our CloudFront.
    """

    connections: ConnectionDeps
    authenticator: Authenticator
    tokens: Tokens
    scans: ScanStore
    lists: ScanListStore
    access: Access
    limit: int
    origins: frozenset[str]
    sender_limiter: SenderRateLimiter
    mark: str | None = None
