"""Rate limits of senders who show no account: of all that is public, by address; of login and registration against
brute force, by address, and by address and account. The rate limit of an authenticated account is in `authentication`.

Failures count against the pair. Against the account alone, a stranger could cause a lockout of its owner. All
spellings of a name are one. An account's email and its user name are two: were they one, who fails
at the one would be told by a refusal of the other that it is there.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import TYPE_CHECKING

from scanward.domain.accounts import fold
from scanward.errors import TooManyRequests

if TYPE_CHECKING:  # the portal counts senders and has no store
    from scanward.stores.rate_limits import AddressRateStore

DISTRIBUTION_HEADER = "x-distribution-mark"
MAX_SENDERS = 10_000

_NETWORK_BITS = 64


def sender_address(headers: Mapping[str, str], source: str, mark: str | None) -> str:
    """Return the sender's address.

    `headers`: by names in lower case. `source`: whom API Gateway saw. `mark`: what our distribution alone
    puts into `DISTRIBUTION_HEADER`; None where there is none.

    Behind CloudFront, API Gateway sees CloudFront. `X-Forwarded-For` then ends with the viewer, whom CloudFront saw,
    and CloudFront, which API Gateway saw; whatever stands before these two is the viewer's own text.
    """
    hops = [part.strip() for part in headers.get("x-forwarded-for", "").split(",")]
    is_ours = mark is not None and compare_digest(headers.get(DISTRIBUTION_HEADER, "").encode(), mark.encode())
    return hops[-2] if is_ours and len(hops) > 1 else source


def network_of(address: str) -> str:
    """Return what is counted as one sender: an IPv4 address, or the 64 bits of IPv6 that one line is given whole.

    Text that is no address is counted as it is.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), _NETWORK_BITS), strict=False).network_address)


class SenderRateLimiter:
    """Counts the calls of each sender in this process's memory. `calls`: a minute and sender.

    Whoever shows a token that is over is counted by that, not by an address which others share.

    It costs no round trip, so refusing a flood is cheaper than answering it. Each container of Lambda counts what it
    answers itself, one call at a time: a sender may have the limit once in each.
    """

    def __init__(self, calls: int, now: Callable[[], datetime]) -> None:
        self._calls = calls
        self._now = now
        self._minute = 0
        self._counts: dict[str, int] = {}

    def count_call(self, address: str) -> None:
        """Count a call of an address, or of a token in its place. Raises TooManyRequests over the limit."""
        minute, second = divmod(int(self._now().timestamp()), 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        sender = network_of(address)
        count = self._counts.get(sender, 0) + 1
        if count > self._calls:
            raise TooManyRequests(60 - second, self._calls)
        # Where memory is full, who is new goes uncounted: another's flood is no reason to refuse them.
        if count > 1 or len(self._counts) < MAX_SENDERS:
            self._counts[sender] = count


class LoginRateLimiter:
    """`calls`: a minute and address. `failures`: a minute, address and account. `pepper` keys the hashes."""

    def __init__(
        self,
        store: "AddressRateStore",
        calls: int,
        failures: int,
        pepper: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._calls = calls
        self._failures = failures
        self._pepper = pepper
        self._now = now

    def count_call(self, address: str, name: str) -> None:
        """Count a call for an account's name. Raises TooManyRequests over either limit; known or unknown alike."""
        now = int(self._now().timestamp())
        calls, failures = self._store.count_call(self.network_mark(address), self._hash(fold(name)), now)
        if calls > self._calls:
            raise TooManyRequests(60 - now % 60, self._calls)
        if failures >= self._failures:
            raise TooManyRequests(60 - now % 60, self._failures)

    def network_mark(self, address: str) -> str:
        """Return a keyed hash of what is counted as one caller."""
        return self._hash(network_of(address))

    def count_failure(self, address: str, name: str) -> None:
        """Count a failure against the name."""
        self._store.count_failure(self.network_mark(address), self._hash(fold(name)), int(self._now().timestamp()))

    def _hash(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._pepper().encode()[:64], digest_size=12).hexdigest()
