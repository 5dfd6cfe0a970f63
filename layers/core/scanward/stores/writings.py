"""What doctors write, kept with all that amendments replaced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.once import Once
from scanward.domain.writings import Writing
from scanward.stores import keys
from scanward.stores.clinic_lists import ClinicLists, Ids, Part, RowItem
from scanward.stores.dynamo import bind, translated
from scanward.stores.once import OnceItem, mark
from scanward.stores.transactions import write_unchanged
from scanward.stores.writing_items import (
    Kind,
    Replaced,
    ReplacedItem,
    WritingItem,
    replaced_item,
    replaced_of,
    writing_item,
    writing_of,
    writing_rows,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versions(Generic[T]):
    """Some of what was replaced. `last`: the version before which the next part begins; None when this is the last."""

    versions: Sequence[Replaced[T]]
    last: int | None


class WritingStore(Generic[T]):
    """The writings of one kind. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, kind: Kind[T]) -> None:
        for model in (WritingItem, ReplacedItem, RowItem, OnceItem):
            bind(model, table)
        self._kind = kind
        self._lists = ClinicLists(table)

    def add(self, writing: Writing[T], once: Once | None = None) -> None:
        """Keeps a new one with its places, all or nothing. Raises Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(writing_item(self._kind, writing), condition=WritingItem.pk.does_not_exist())
            for row in writing_rows(self._kind, writing):
                write.save(row)
            if once:
                mark(write, once, {"id": str(writing.id)}, writing.created_at, done=True)

        write_unchanged(fill)

    def amend(self, before: Writing[T], after: Writing[T]) -> None:
        """Writes a version over the one before, and keeps that. Raises Conflict when somebody else was first."""

        def fill(write: TransactWrite) -> None:
            write.save(replaced_item(self._kind, before), condition=ReplacedItem.pk.does_not_exist())
            write.save(writing_item(self._kind, after), condition=WritingItem.version == before.version)

        write_unchanged(fill)

    def get(self, number: int) -> Writing[T] | None:
        """The writing as it stands, strongly consistent; one round trip."""
        with translated():
            try:
                item = WritingItem.get(self._kind.key(number), self._kind.sort, consistent_read=True)
            except WritingItem.DoesNotExist:
                return None
        return writing_of(self._kind, item)

    def many(self, numbers: Sequence[int]) -> list[Writing[T]]:
        """Those among these ids that are there, in their order."""
        with translated():
            items = WritingItem.batch_get([(self._kind.key(number), self._kind.sort) for number in numbers])
            found = {keys.number(item.pk): writing_of(self._kind, item) for item in items}
        return [found[number] for number in numbers if number in found]

    def of_patient(self, patient_id: int, part: Part) -> Ids:
        """What was written of a patient."""
        return self._lists.ids([self._kind.list_of(patient_id)], part)

    def in_departments(self, departments: Iterable[int], part: Part) -> Ids:
        """What was written of patients while they were in one of these departments."""
        return self._lists.ids([keys.records_in(number) for number in sorted(departments)], part)

    def replaced(self, number: int, part: Part) -> Versions[T]:
        """The versions that were replaced, the newest first."""
        wanted: Condition = ReplacedItem.sk.startswith(keys.VERSION_PREFIX)
        if part.before is not None:
            wanted = ReplacedItem.sk.between(keys.version(0), keys.version(part.before - 1))
        many = part.skip + part.limit + 1
        with translated():
            found = ReplacedItem.query(self._kind.key(number), wanted, scan_index_forward=False, limit=many)
            versions = [replaced_of(self._kind, item) for item in found][part.skip :]
        shown = versions[: part.limit]
        return Versions(shown, shown[-1].version if len(versions) > part.limit else None)

    def forget_all(self, patient_id: int) -> None:
        """Leaves nothing of a patient's, nor of what was replaced; may be done again after half of it."""
        with translated():
            for row in RowItem.query(self._kind.list_of(patient_id), consistent_read=True):
                writing = self.get(int(row.sk))
                if writing:
                    self._forget(writing)
                row.delete()

    def _forget(self, writing: Writing[T]) -> None:
        """The place in the patient's list goes last, by the caller: it is what a second try begins with."""
        for item in ReplacedItem.query(self._kind.key(writing.id), ReplacedItem.sk.startswith(keys.VERSION_PREFIX)):
            item.delete()
        for row in writing_rows(self._kind, writing)[1:]:
            row.delete()
        WritingItem(self._kind.key(writing.id), self._kind.sort).delete()
