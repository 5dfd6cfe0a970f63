"""One-time passwords by time (RFC 6238), and the recovery codes that stand in for them: what an account has of them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

MAX_WRONG_CODES = 5  # in a row
PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """What the codes of an account are made from. Neither secret nor recovery codes are in its text.

    `since`: when it was turned on; None while no code has confirmed it. `last_step`: the period of the last code that
    was accepted. `recovery_codes`: hashes of those that are left. `wrong_codes`: those since the last right one;
    `paused_until`: no code is looked at before that.
    """

    secret: str = field(repr=False)
    since: datetime | None = None
    last_step: int = 0
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)
    wrong_codes: int = 0
    paused_until: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Tell whether a login needs a code."""
        return self.since is not None

    def pause_left(self, now: datetime) -> timedelta | None:
        """Return how long no code is looked at; None when one is."""
        return self.paused_until - now if self.paused_until and now < self.paused_until else None


def accept_step(before: OneTimePassword, step: int) -> OneTimePassword | None:
    """Return it after the code of a period; None when one of that period or a later one was accepted before."""
    return replace(forgive_wrong_codes(before), last_step=step) if step > before.last_step else None


def accept_recovery_code(before: OneTimePassword, code_hash: str) -> OneTimePassword | None:
    """Return it without a recovery code that was used; None when there is no such one."""
    if code_hash not in before.recovery_codes:
        return None
    others = tuple(other for other in before.recovery_codes if other != code_hash)
    return replace(forgive_wrong_codes(before), recovery_codes=others)


def count_wrong_code(before: OneTimePassword, now: datetime) -> OneTimePassword:
    """Return it after a wrong code: the fifth in a row, wherever they came from, begins a pause.

    Who is asked for a code has shown the password, so no stranger can make the owner wait.
    """
    wrong_codes = before.wrong_codes + 1
    if wrong_codes < MAX_WRONG_CODES:
        return replace(before, wrong_codes=wrong_codes)
    return replace(before, wrong_codes=0, paused_until=now + PAUSE)


def forgive_wrong_codes(before: OneTimePassword) -> OneTimePassword:
    """Return it as if no code had been wrong: the last one was right, or the password is another."""
    return replace(before, wrong_codes=0, paused_until=None)
