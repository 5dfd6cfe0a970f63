"""Parts of lists."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list. `cursor`: a signed place to begin after, instead of skipping."""

    skip: int
    limit: int
    cursor: str | None
