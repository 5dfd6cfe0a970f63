"""What the auth function is told by its environment."""

from dataclasses import dataclass

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits a minute: `requests_per_minute` of an account; at sign-in, `calls_per_address`, `failures_per_account`.

    `allowed_origins`: for CORS.
    """

    accounts_table: str
    token_keys_secret: str
    requests_per_minute: int
    calls_per_address: int
    failures_per_account: int
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            calls_per_address=env.number("SIGN_IN_CALLS_PER_MINUTE"),
            failures_per_account=env.number("SIGN_IN_FAILURES_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
        )
