"""What counts as one caller."""

import pytest

from scanward.security.rate_limits import network_of


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
def test_caller_is_an_address_or_the_network_of_an_ipv6_line(address: str, network: str) -> None:
    assert network_of(address) == network


def test_two_ipv6_lines_are_two_callers() -> None:
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
