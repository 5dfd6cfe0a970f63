"""What the portal is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`allowed_origins`: for CORS."""

    allowed_origins: tuple[str, ...]
