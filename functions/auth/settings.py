"""What the functions of accounts are told by their environment."""

from dataclasses import dataclass

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits a minute: `requests_per_minute` of an account; at sign-in, `calls_per_address`, `failures_per_account`.

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
    calls_per_address: int
    failures_per_account: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            clinic_table=env.required("CLINIC_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            bucket=env.required("BUCKET"),
            mail_queue_url=env.required("MAIL_QUEUE_URL"),
            own_data_queue_url=env.required("OWN_DATA_QUEUE_URL"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            calls_per_address=env.number("SIGN_IN_CALLS_PER_MINUTE"),
            failures_per_account=env.number("SIGN_IN_FAILURES_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
            distribution_mark=env.optional("DISTRIBUTION_MARK"),
        )


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What the mail function needs. `sender`: None where mail is not configured. `reset_url`: an app's page."""

    accounts_table: str
    token_keys_secret: str
    sender: str | None
    reset_url: str | None

    @classmethod
    def read(cls, env: Environment) -> "MailSettings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            sender=env.optional("MAIL_FROM"),
            reset_url=env.optional("RESET_URL"),
        )
