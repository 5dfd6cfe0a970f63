"""Behind CloudFront each caller is counted by their own address, which nobody can choose."""

import pytest

from tests.support.client import ApiClient
from tests.support.cloud import MARK
from tests.support.people import sign_in, spend_the_minute

EDGE = "192.0.2.1"


def log_in(api: ApiClient, forwarded: str, mark: str = MARK) -> int:
    body = {"email": "ada@example.org", "password": "correct horse"}
    through = {"X-Forwarded-For": forwarded, "X-Distribution-Mark": mark}
    return api.post("/auth/login", body, headers=through).status


def test_a_stranger_behind_the_same_edge_locks_nobody_out(api: ApiClient) -> None:
    sign_in(api, "ada@example.org")
    assert log_in(api, f"198.51.100.7, {EDGE}") == 200
    spend_the_minute()
    assert log_in(api, f"198.51.100.7, {EDGE}") == 429
    assert log_in(api, f"203.0.113.9, {EDGE}") == 200


@pytest.mark.parametrize("mark", [MARK, "", MARK[:-1], "é"])
def test_whoever_says_other_addresses_is_counted_by_their_own(api: ApiClient, mark: str) -> None:
    sign_in(api, "ada@example.org")
    seen = f"198.51.100.7, {EDGE}" if mark == MARK else EDGE
    assert log_in(api, f"203.0.113.1, {seen}", mark) == 200
    spend_the_minute()
    assert log_in(api, f"203.0.113.2, {seen}", mark) == 429


def test_a_call_that_was_not_forwarded_is_counted_by_what_the_gateway_saw(api: ApiClient) -> None:
    sign_in(api, "ada@example.org")
    spend_the_minute()
    assert log_in(api, "203.0.113.1") == 429
