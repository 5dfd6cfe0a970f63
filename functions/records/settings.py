"""What the functions of clinic data are told by their environment."""

from dataclasses import dataclass

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """`requests_per_minute`: per account. `allowed_origins`: for CORS."""

    accounts_table: str
    scans_table: str
    clinic_table: str
    bucket: str
    own_data_queue_url: str
    token_keys_secret: str
    requests_per_minute: int
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            clinic_table=env.required("CLINIC_TABLE"),
            bucket=env.required("BUCKET"),
            own_data_queue_url=env.required("OWN_DATA_QUEUE_URL"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
        )


@dataclass(frozen=True, slots=True)
class PersonalDataSettings:
    """Everywhere that something of a person may lie, and the queue of what is to be done with it."""

    accounts_table: str
    scans_table: str
    clinic_table: str
    bucket: str
    own_data_queue_url: str

    @classmethod
    def read(cls, env: Environment) -> "PersonalDataSettings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            clinic_table=env.required("CLINIC_TABLE"),
            bucket=env.required("BUCKET"),
            own_data_queue_url=env.required("OWN_DATA_QUEUE_URL"),
        )
