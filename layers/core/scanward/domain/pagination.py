"""Parts of lists, as callers ask for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list. `cursor`: a signed place to begin after; `skip`: how many to leave out, if any."""

    limit: int
    cursor: str | None
    skip: int = 0


@dataclass(frozen=True, slots=True)
class PageRange:
    """Which part of a list: behind the place or id `before`, or from the newest on."""

    skip: int
    limit: int
    before: int | None = None
