"""Rate limits against brute force on login and registration, before the caller is authenticated: by address, and by
address and account. The rate limit of an authenticated account is in `authentication`.

Failures count against the pair. Against the account alone, a stranger could cause a lockout of its owner. All
spellings of a name are one. An account's email and its user name are two: were they one, who fails
at the one would be told by a refusal of the other that it is there.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from datetime import datetime

from scanward.domain.accounts import fold
from scanward.errors import TooManyRequests
from scanward.stores.rate_limits import AddressRateStore

_NETWORK_BITS = 64


def network_of(address: str) -> str:
    """Return what is counted as one caller: an IPv4 address, or the 64 bits of IPv6 that one line is given whole.

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


class LoginRateLimiter:
    """`calls`: a minute and address. `failures`: a minute, address and account. `pepper` keys the hashes."""

    def __init__(
        self, store: AddressRateStore, calls: int, failures: int, pepper: Callable[[], str], now: Callable[[], datetime]
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
