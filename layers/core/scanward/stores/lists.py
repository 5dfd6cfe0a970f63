"""Lists of the clinic: places under one key, newest first, several lists read as one, each page at a constant cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition

from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table, query_rows, to_ms


class ListEntry(TableItem):
    """A list / what it is sorted by. `ends_ms`: when the place ends by itself."""

    ends_ms = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A place, and in which of the lists that were read it is."""

    key: str
    lists: frozenset[str]


class ListStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(ListEntry, table)

    def by_id(self, lists: Sequence[str], part: PageRange) -> ListPage[int]:
        """Return part of all lists together, which are sorted by id."""
        before = keys.sortable(part.before) if part.before is not None else None
        return cut_page(self._read(lists, part, before, None), part, _id_of, _id_of)

    def by_time(self, lists: Sequence[str], part: PageRange, now: datetime) -> ListPage[ListedKey]:
        """Return part of all lists together, which are sorted by time; what has ended is left out."""
        before = keys.by_time(*divmod(part.before, keys.POSITIONS)) if part.before is not None else None
        stays: Condition = ListEntry.ends_ms.does_not_exist()
        rows = self._read(lists, part, before, stays | (ListEntry.ends_ms > to_ms(now)))
        return cut_page(rows, part, lambda row: row, lambda row: keys.time_position(row.key))

    def _read(
        self, lists: Sequence[str], part: PageRange, before: str | None, stays: Condition | None
    ) -> list[ListedKey]:
        """Return one query a list, of `part.rows` small items at most. What is in several lists comes once."""
        older = ListEntry.sk < before if before is not None else None
        read = (query_rows(ListEntry, key, part, older=older, stays=stays) for key in lists)
        entries_by_list = [[(item.sk, item.pk) for item in newest] for newest in read]
        same = groupby(merge(*entries_by_list, reverse=True), key=lambda place: place[0])
        return [ListedKey(key, frozenset(of for _, of in places)) for key, places in islice(same, part.rows)]


def _id_of(row: ListedKey) -> int:
    return int(row.key)
