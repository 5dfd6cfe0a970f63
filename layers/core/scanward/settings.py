"""Reading a function's settings from its environment, once; a required value has no default."""

import os
from collections.abc import Mapping


class MissingSetting(LookupError):
    """A required environment variable is not there."""


class Environment:
    """The environment, read by name. A parameter so that tests hand in their own."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def required(self, name: str) -> str:
        """Raise MissingSetting when it is absent or empty."""
        value = self._values.get(name)
        if not value:
            raise MissingSetting(name)
        return value

    def optional(self, name: str) -> str | None:
        """Return a value, or None when it is absent or empty."""
        return self._values.get(name) or None

    def number(self, name: str) -> int:
        """Return a required whole number."""
        return int(self.required(name))

    def names(self, name: str) -> tuple[str, ...]:
        """Return a comma-separated list; empty when absent."""
        return tuple(part.strip() for part in (self._values.get(name) or "").split(",") if part.strip())
