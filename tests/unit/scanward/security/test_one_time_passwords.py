"""Codes by time: as RFC 6238 makes them, once each, with a little drift; recovery codes; pauses after wrong ones."""

import base64
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scanward.domain.one_time_passwords import MAX_WRONG_CODES, PAUSE, OneTimePassword, count_wrong_code
from scanward.errors import TooManyRequests
from scanward.security.one_time_passwords import (
    enrolment_uri,
    find_step,
    hash_recovery_code,
    new_recovery_codes,
    new_secret,
    use_code,
)
from tests.support.cloud import ROOT

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 28, 12, 0, 15, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30
CODES = new_recovery_codes()
ON = OneTimePassword(RFC_SECRET, NOW, recovery_codes=tuple(map(hash_recovery_code, CODES)))


def code(periods: int = 0) -> str:
    import pyotp

    return pyotp.TOTP(RFC_SECRET).at(NOW + timedelta(seconds=30 * periods))


@pytest.mark.parametrize(
    ("second", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_code_is_the_last_six_digits_of_the_rfcs_own_examples(second: int, digits: str) -> None:
    assert find_step(RFC_SECRET, digits, datetime.fromtimestamp(second, UTC)) == second // 30


@pytest.mark.parametrize(("periods", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)], ids=str)
def test_code_may_be_one_period_early_or_late_and_no_more(periods: int, is_right: bool) -> None:
    assert find_step(RFC_SECRET, code(periods), NOW) == (STEP + periods if is_right else None)


@pytest.mark.parametrize("text", ["", "12345", "0" * 7, "\u0661\u0662\u0663\u0664\u0665\u0666", "abcdef", "0" * 40])
def test_text_that_is_no_code_is_wrong(text: str) -> None:
    assert use_code(ON, text, NOW) is None


def test_code_may_be_spaced_as_apps_show_it() -> None:
    assert find_step(RFC_SECRET, f"{code()[:3]} {code()[3:]}", NOW) == STEP


def test_code_is_accepted_once_and_none_from_before_it() -> None:
    after = use_code(ON, code(), NOW)
    assert after is not None
    assert [use_code(after, code(periods), NOW) is not None for periods in (-1, 0, 1)] == [False, False, True]


def test_recovery_code_is_accepted_once_however_it_is_spaced() -> None:
    after = use_code(ON, CODES[3].replace("-", " ").upper(), NOW)
    assert after is not None
    assert len(after.recovery_codes) == 9
    assert use_code(after, CODES[3], NOW) is None
    assert use_code(after, CODES[4], NOW) is not None


def test_fifth_wrong_code_in_a_row_begins_a_pause_in_which_no_code_is_looked_at() -> None:
    one_time_password = ON
    for _ in range(MAX_WRONG_CODES):
        assert use_code(one_time_password, "000000", NOW) is None
        one_time_password = count_wrong_code(one_time_password, NOW)
    for right in (code(), CODES[0]):
        with pytest.raises(TooManyRequests) as refusal:
            use_code(one_time_password, right, NOW)
        assert refusal.value.retry_after == PAUSE.total_seconds() + 1
    assert find_step(RFC_SECRET, code(), NOW)
    after = use_code(one_time_password, CODES[0], NOW + PAUSE)
    assert after is not None
    assert (after.wrong_codes, after.paused_until) == (0, None)


def test_right_code_forgives_the_wrong_ones_before_it() -> None:
    after = use_code(replace(ON, wrong_codes=MAX_WRONG_CODES - 1), code(), NOW)
    assert after is not None
    assert after.wrong_codes == 0


def test_secrets_and_recovery_codes_are_random_and_in_no_text() -> None:
    assert len({new_secret() for _ in range(20)}) == 20
    assert len(base64.b32decode(new_secret())) == 20
    assert len(set(CODES) | set(new_recovery_codes())) == 20
    assert {len(one) for one in CODES} == {19}
    assert RFC_SECRET not in repr(ON)
    assert hash_recovery_code(CODES[0]) not in repr(ON)


def test_uri_is_what_apps_scan() -> None:
    uri = enrolment_uri(RFC_SECRET, "ada@example.org")
    assert uri == f"otpauth://totp/Scanward:ada%40example.org?secret={RFC_SECRET}&issuer=Scanward"


def test_cold_start_does_not_import_pyotp() -> None:
    program = "import sys, scanward.security.one_time_passwords; sys.exit('pyotp' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT / "layers" / "core", check=True)  # noqa: S603
