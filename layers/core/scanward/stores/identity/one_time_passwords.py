"""One-time passwords as an account's item spells them."""

from typing import Any

from scanward.domain.one_time_passwords import OneTimePassword
from scanward.stores.dynamo import from_ms, to_ms


def one_time_password_map(one_time_password: OneTimePassword) -> dict[str, Any]:
    """Return what is stored."""
    times = {"since_ms": one_time_password.since, "paused_until_ms": one_time_password.paused_until}
    return {
        "secret": one_time_password.secret,
        "last_step": one_time_password.last_step,
        "recovery_codes": list(one_time_password.recovery_codes),
        "wrong_codes": one_time_password.wrong_codes,
        **{name: to_ms(when) for name, when in times.items() if when},
    }


def one_time_password_of(stored: dict[str, Any]) -> OneTimePassword:
    """Return what a stored map spells."""
    return OneTimePassword(
        secret=stored["secret"],
        since=from_ms(stored["since_ms"]) if "since_ms" in stored else None,
        last_step=stored["last_step"],
        recovery_codes=tuple(stored["recovery_codes"]),
        wrong_codes=stored["wrong_codes"],
        paused_until=from_ms(stored["paused_until_ms"]) if "paused_until_ms" in stored else None,
    )
