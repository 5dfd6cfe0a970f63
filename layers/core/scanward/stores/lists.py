"""Lists of the clinic: places under one key, newest first, several lists read as one, each page at a constant cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition

from scanward.domain.pagination import PageRange
from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table, sdk_errors_mapped, to_ms


class ListEntry(TableItem):
    """A list / what it is sorted by. `ends_ms`: when the place ends by itself."""

    ends_ms = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Ids:
    """Part of a list of ids. `last`: the id after which the next part begins; None when this is the last."""

    items: Sequence[int]
    last: int | None


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A place, and in which of the lists that were read it is."""

    key: str
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """Part of a list. `last`: the place after which the next part begins; None when this is the last."""

    items: Sequence[ListedKey]
    last: int | None


class ListStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(ListEntry, table)

    def by_id(self, lists: Sequence[str], part: PageRange) -> Ids:
        """Return part of all lists together, which are sorted by id."""
        before = keys.sortable(part.before) if part.before is not None else None
        rows, last = self._read(lists, part, before, None)
        return Ids([int(row.key) for row in rows], int(last.key) if last else None)

    def by_time(self, lists: Sequence[str], part: PageRange, now: datetime) -> ListedKeys:
        """Return part of all lists together, which are sorted by time; what has ended is left out."""
        before = keys.by_time(*divmod(part.before, keys.POSITIONS)) if part.before is not None else None
        stays: Condition = ListEntry.ends_ms.does_not_exist()
        rows, last = self._read(lists, part, before, stays | (ListEntry.ends_ms > to_ms(now)))
        return ListedKeys(rows, keys.time_position(last.key) if last else None)

    def _read(
        self, lists: Sequence[str], part: PageRange, before: str | None, stays: Condition | None
    ) -> tuple[list[ListedKey], ListedKey | None]:
        """Return one query a list, of `skip + limit + 1` small items at most. What is in several lists comes once."""
        count = part.skip + part.limit + 1
        older = ListEntry.sk < before if before is not None else None
        with sdk_errors_mapped():
            read = (ListEntry.query(key, older, stays, scan_index_forward=False, limit=count) for key in lists)
            entries_by_list = [[(item.sk, item.pk) for item in newest] for newest in read]
        same = groupby(merge(*entries_by_list, reverse=True), key=lambda place: place[0])
        rows = [ListedKey(key, frozenset(of for _, of in places)) for key, places in islice(same, count)][part.skip :]
        return rows[: part.limit], rows[part.limit - 1] if len(rows) > part.limit else None
