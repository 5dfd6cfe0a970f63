"""An authenticator app: what makes one-time passwords from the secret that it was given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from scanward import clock
from tests.support.client import ApiClient
from tests.support.people import PASSWORD

PATH = "/users/me/one-time-password"


@dataclass(frozen=True)
class Authenticator:
    """A phone with the secret, and a sheet of paper with the recovery codes."""

    secret: str
    recovery_codes: tuple[str, ...]

    def code(self, now: datetime, periods: int = 0) -> str:
        """Return the code of the period so many after now."""
        return pyotp.TOTP(self.secret).at(now + timedelta(seconds=30 * periods))


def turn_on_one_time_passwords(client: ApiClient, now: datetime | None = None) -> Authenticator:
    """Enrol, and confirm by the code of now."""
    secret = client.post(PATH, {"password": PASSWORD}).data["secret"]
    code = Authenticator(secret, ()).code(now or clock.now())
    answer = client.post(f"{PATH}/confirm", {"one_time_password": code})
    assert answer.status == 200, answer.json
    return Authenticator(secret, tuple(answer.data["recovery_codes"]))
