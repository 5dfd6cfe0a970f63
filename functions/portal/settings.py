"""What the portal is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`allowed_origins`: for CORS. `public_calls_per_minute`: of one sender. `distribution_mark`: as in accounts."""

    allowed_origins: tuple[str, ...]
    public_calls_per_minute: int
    distribution_mark: str | None
