"""Pages of lists: which part a caller asks for, and the rows that it gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list. `cursor`: a signed place to begin after; `skip`: how many to leave out, if any."""

    limit: int
    cursor: str | None
    skip: int = 0


@dataclass(frozen=True, slots=True)
class PageRange:
    """Which part of a list: behind the position or id `before`, or from the newest on.

    `is_consistent`: whether all that was written before is to be seen, for twice the price.
    """

    skip: int
    limit: int
    before: int | None = None
    is_consistent: bool = False

    @property
    def rows(self) -> int:
        """Return how many rows to read. The last of them only tells whether another page follows."""
        return self.skip + self.limit + 1


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Item]):
    """Part of a list. `last`: the position or id after which the next part begins; None when this is the last."""

    items: Sequence[Item]
    last: int | None


def cut_page(
    rows: Sequence[Row], part: PageRange, convert: Callable[[Row], Item], position: Callable[[Row], int]
) -> ListPage[Item]:
    """Return the page of `part`, of the rows that were read for it, the newest first."""
    rest = rows[part.skip :]
    last = position(rest[part.limit - 1]) if len(rest) > part.limit else None
    return ListPage([convert(row) for row in rest[: part.limit]], last)
