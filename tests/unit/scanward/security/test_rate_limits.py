"""What counts as one sender, and how often each may call."""

from datetime import timedelta

import pytest

from scanward.errors import TooManyRequests
from scanward.security import rate_limits
from scanward.security.rate_limits import LoginRateLimiter, SenderRateLimiter, network_of
from scanward.stores.rate_limits import AddressRateStore
from tests.support.clock import Clock


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("2001:0DB8:0001:0002:ffff::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_sender_is_an_address_or_the_network_of_an_ipv6_line(address: str, network: str) -> None:
    assert network_of(address) == network


def test_two_ipv6_lines_are_two_senders() -> None:
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")


def refusal(limiter: SenderRateLimiter, address: str) -> TooManyRequests | None:
    """Return why a call is refused; None for one that is let through."""
    try:
        limiter.count_call(address)
    except TooManyRequests as refused:
        return refused
    return None


def test_sender_over_the_limit_is_refused_until_the_minute_ends() -> None:
    clock = Clock(stands=True)
    clock.ahead = timedelta(seconds=110 - clock.now().second)
    limiter = SenderRateLimiter(2, clock.now)
    assert [refusal(limiter, "192.0.2.7") for _ in range(2)] == [None, None]
    refused = refusal(limiter, "192.0.2.7")
    assert refused is not None
    assert (refused.retry_after, refused.limit) == (10, 2)
    clock.ahead += timedelta(seconds=10)
    assert refusal(limiter, "192.0.2.7") is None


@pytest.mark.parametrize(
    ("flooder", "neighbour", "is_refused"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_flood_is_counted_against_its_own_network_alone(flooder: str, neighbour: str, *, is_refused: bool) -> None:
    limiter = SenderRateLimiter(3, Clock(stands=True).now)
    for _ in range(200):
        refusal(limiter, flooder)
    assert refusal(limiter, flooder) is not None
    assert (refusal(limiter, neighbour) is not None) is is_refused


@pytest.mark.parametrize(
    ("neighbour", "is_refused"), [("2001:db8:1:2:ffff::1", True), ("2001:db8:1:3::1", False), ("192.0.2.7", False)]
)
def test_wrong_passwords_count_against_all_of_an_ipv6_line(aws: None, neighbour: str, *, is_refused: bool) -> None:
    limiter = LoginRateLimiter(
        AddressRateStore("AccountsTable"), calls=10, failures=1, pepper=lambda: "", now=Clock(stands=True).now
    )
    limiter.count_failure("2001:db8:1:2::1", "ada")
    try:
        limiter.count_call(neighbour, "ada")
    except TooManyRequests:
        assert is_refused
    else:
        assert not is_refused


def test_memory_of_senders_is_bounded_and_refuses_nobody_new_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_SENDERS", 3)
    limiter = SenderRateLimiter(1, Clock(stands=True).now)
    assert [refusal(limiter, f"192.0.2.{host}") for host in range(100)] == [None] * 100
    assert refusal(limiter, "192.0.2.0") is not None
    assert [refusal(limiter, "192.0.2.99") for _ in range(5)] == [None] * 5
    assert len(limiter._counts) == 3
