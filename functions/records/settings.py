"""What the functions of clinic data are told by their environment."""

from dataclasses import dataclass

from scanward.settings import AdministratorsEnrol


@dataclass(frozen=True, slots=True)
class Settings:
    """`requests_per_minute`: per account. `public_calls_per_minute`: without a token that holds, per sender.

    `glasses_per_day`: that a doctor may break. `allowed_origins`: for CORS. `distribution_mark`: as in accounts.
    """

    accounts_table: str
    scans_table: str
    clinic_table: str
    bucket: str
    own_data_queue_url: str
    mail_queue_url: str
    token_keys_secret: str
    requests_per_minute: int
    administrators_enrol: AdministratorsEnrol
    glasses_per_day: int
    public_calls_per_minute: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None


@dataclass(frozen=True, slots=True)
class PersonalDataSettings:
    """Everywhere that something of a person may lie, and the queue of what is to be done with it."""

    accounts_table: str
    scans_table: str
    clinic_table: str
    bucket: str
    own_data_queue_url: str


@dataclass(frozen=True, slots=True)
class SealSettings:
    """Where access logs and their seals lie."""

    clinic_table: str
