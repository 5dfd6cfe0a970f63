"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds, as all of them expect) and recovery codes.

pyotp is imported by who makes or checks a code: most logins do neither, and cold starts need not wait for it.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from hmac import compare_digest

from scanward.domain.one_time_passwords import OneTimePassword, accept_recovery_code, accept_step
from scanward.errors import TooManyRequests

ISSUER = "Scanward"
PERIOD_SECONDS = 30
DRIFT = 1  # periods that a phone's clock may be ahead or behind
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


def new_secret() -> str:
    """Return 160 random bits in base32."""
    import pyotp  # noqa: PLC0415 - see above

    return pyotp.random_base32()


def enrolment_uri(secret: str, name: str) -> str:
    """Return the otpauth URI that an app scans. `name`: what it shows beside the code."""
    import pyotp  # noqa: PLC0415 - see above

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def new_recovery_codes() -> tuple[str, ...]:
    """Return new codes, such as `abcd-efgh-ijkl-mnop`."""
    texts = (base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES))
    return tuple("-".join(text[start : start + 4] for start in range(0, len(text), 4)) for text in texts)


def hash_recovery_code(code: str) -> str:
    """Return what is kept of a code, however it is spaced. A fast hash will do: 80 random bits cannot be tried out."""
    return hashlib.blake2b(_without_gaps(code).lower().encode(), digest_size=16).hexdigest()


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the period that a code of six digits belongs to, one around now; None when it is wrong."""
    import pyotp  # noqa: PLC0415 - see above

    digits, step = _without_gaps(code), int(now.timestamp()) // PERIOD_SECONDS
    generator = pyotp.TOTP(secret, interval=PERIOD_SECONDS)
    steps = range(step - DRIFT, step + DRIFT + 1)
    right = [near for near in steps if compare_digest(generator.generate_otp(near).encode(), digits.encode())]
    return right[-1] if right else None


def use_code(before: OneTimePassword, code: str, now: datetime) -> OneTimePassword | None:
    """Return it after a code or a recovery code; None when that is wrong, or was used before.

    Raises TooManyRequests while no code is looked at.
    """
    pause = before.pause_left(now)
    if pause:
        raise TooManyRequests(int(pause.total_seconds()) + 1)
    step = find_step(before.secret, code, now)
    return accept_recovery_code(before, hash_recovery_code(code)) if step is None else accept_step(before, step)


def _without_gaps(code: str) -> str:
    return "".join(code.split()).replace("-", "")
