"""Lists of the clinic: places under one key, newest first, several lists read as one, each page at a constant cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from scanward.stores import keys
from scanward.stores.dynamo import bind, to_ms, translated


class RowItem(Model):
    """A list / what it is sorted by. `ends_ms`: when the place ends by itself."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ends_ms = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list: behind the place or id `before`, or from the newest on."""

    skip: int
    limit: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Ids:
    """Part of a list of ids. `last`: the id after which the next part begins; None when this is the last."""

    ids: Sequence[int]
    last: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A place, and in which of the lists that were read it is."""

    key: str
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """Part of a list. `last`: the place after which the next part begins; None when this is the last."""

    rows: Sequence[Row]
    last: int | None


class ClinicLists:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind(RowItem, table)

    def ids(self, lists: Sequence[str], part: Part) -> Ids:
        """Part of all lists together, which are sorted by id."""
        before = keys.sortable(part.before) if part.before is not None else None
        rows, last = self._read(lists, part, before, None)
        return Ids([int(row.key) for row in rows], int(last.key) if last else None)

    def places(self, lists: Sequence[str], part: Part, now: datetime) -> Rows:
        """Part of all lists together, which are sorted by time; what has ended is left out."""
        before = keys.placed(*divmod(part.before, keys.PLACES)) if part.before is not None else None
        stays: Condition = RowItem.ends_ms.does_not_exist()
        rows, last = self._read(lists, part, before, stays | (RowItem.ends_ms > to_ms(now)))
        return Rows(rows, keys.place(last.key) if last else None)

    def _read(
        self, lists: Sequence[str], part: Part, before: str | None, stays: Condition | None
    ) -> tuple[list[Row], Row | None]:
        """One query a list, of `skip + limit + 1` small items at most. What is in several lists comes once."""
        wanted = part.skip + part.limit + 1
        older = RowItem.sk < before if before is not None else None
        with translated():
            read = (RowItem.query(key, older, stays, scan_index_forward=False, limit=wanted) for key in lists)
            found = [[(item.sk, item.pk) for item in newest] for newest in read]
        same = groupby(merge(*found, reverse=True), key=lambda place: place[0])
        rows = [Row(key, frozenset(of for _, of in places)) for key, places in islice(same, wanted)][part.skip :]
        return rows[: part.limit], rows[part.limit - 1] if len(rows) > part.limit else None
