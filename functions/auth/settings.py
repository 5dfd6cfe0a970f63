"""What the functions of accounts are told by their environment."""

from dataclasses import dataclass
from typing import Annotated

from scanward.settings import AdministratorsEnrol, Variable


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits a minute: `requests_per_minute` of an account; at sign-in, `calls_per_address`, `failures_per_account`;
    `public_calls_per_minute` of one sender.

    `clinic_table`: where the access log lies. `allowed_origins`: for CORS. `distribution_mark`: what our
    CloudFront distribution puts into a header; None without one.
    """

    accounts_table: str
    clinic_table: str
    token_keys_secret: str
    bucket: str
    mail_queue_url: str
    own_data_queue_url: str
    requests_per_minute: int
    administrators_enrol: AdministratorsEnrol
    calls_per_address: Annotated[int, Variable("SIGN_IN_CALLS_PER_MINUTE")]
    failures_per_account: Annotated[int, Variable("SIGN_IN_FAILURES_PER_MINUTE")]
    public_calls_per_minute: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What the mail function needs. `sender`: None where mail is not configured. The URLs are an app's pages."""

    accounts_table: str
    token_keys_secret: str
    sender: Annotated[str | None, Variable("MAIL_FROM")]
    reset_url: str | None
    undo_url: str | None
