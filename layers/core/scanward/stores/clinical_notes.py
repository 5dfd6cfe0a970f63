"""Clinical notes in DynamoDB, kept with every version that an amendment replaced."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from pynamodb.attributes import NumberAttribute, NumberSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.clinical_notes import Findings, Note, Surgery
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.stores import keys
from scanward.stores.dynamo import (
    JSONText,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    query_rows,
    sdk_errors_mapped,
    to_ms,
    transact_write_or_conflict,
)
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.lists import ListEntry, ListStore

T = TypeVar("T")


class NoteItem(TableItem):
    """RECORD#id / RECORD and HISTORY#id / HISTORY: what stands."""

    patient_id = NumberAttribute()
    author_id = NumberAttribute()
    text = JSONText()
    version = NumberAttribute()
    created_ms = NumberAttribute()
    updated_ms = NumberAttribute()
    amended_by = NumberAttribute()
    departments = NumberSetAttribute(null=True)


class NoteVersionItem(TableItem):
    """RECORD#id or HISTORY#id / VERSION#number: what an amendment replaced, who had written it and when."""

    text = JSONText()
    author_id = NumberAttribute()
    at_ms = NumberAttribute()


@dataclass(frozen=True, slots=True)
class NoteKind(Generic[T]):
    """One kind of writing: its keys, the list of a patient's, and how its text is spelled and read."""

    sort: str
    key: Callable[[int], str]
    list_of: Callable[[int], str]
    spell: Callable[[T], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], T]


@dataclass(frozen=True, slots=True)
class NoteVersion(Generic[T]):
    """A version that stands no longer, and who wrote it when."""

    version: int
    text: T
    author_id: int
    at: datetime


def note_item(kind: NoteKind[T], note: Note[T]) -> NoteItem:
    """Return the item of a writing."""
    return NoteItem(
        kind.key(note.id),
        kind.sort,
        patient_id=note.patient_id,
        author_id=note.author_id,
        text=kind.spell(note.text),
        version=note.version,
        created_ms=to_ms(note.created_at),
        updated_ms=to_ms(note.updated_at),
        amended_by=note.amended_by,
        departments=set(note.departments) or None,
    )


def note_of(kind: NoteKind[T], item: NoteItem) -> Note[T]:
    """Return the writing that an item spells."""
    return Note(
        id=keys.number(item.pk),
        patient_id=int(item.patient_id),
        author_id=int(item.author_id),
        text=kind.read(item.text),
        version=int(item.version),
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
        amended_by=int(item.amended_by),
        departments=tuple(sorted(map(int, item.departments or ()))),
    )


def version_item(kind: NoteKind[T], note: Note[T]) -> NoteVersionItem:
    """Return the item of a version that is about to be replaced."""
    return NoteVersionItem(
        kind.key(note.id),
        keys.version(note.version),
        text=kind.spell(note.text),
        author_id=note.amended_by,
        at_ms=to_ms(note.updated_at),
    )


def version_of(kind: NoteKind[T], item: NoteVersionItem) -> NoteVersion[T]:
    """Return the version that an item spells."""
    return NoteVersion(keys.number(item.sk), kind.read(item.text), int(item.author_id), from_ms(item.at_ms))


def note_entries(kind: NoteKind[T], note: Note[T]) -> list[ListEntry]:
    """Return a writing's places: in the patient's list, and in those of departments."""
    lists = [kind.list_of(note.patient_id), *map(keys.records_in, note.departments)]
    return [ListEntry(key, keys.sortable(note.id)) for key in lists]


class NoteStore(Generic[T]):
    """The writings of one kind. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, kind: NoteKind[T]) -> None:
        for model in (NoteItem, NoteVersionItem, ListEntry, IdempotencyItem):
            bind_table(model, table)
        self._kind = kind
        self._lists = ListStore(table)

    def add(self, note: Note[T], idempotency_key: IdempotencyKey | None = None) -> None:
        """Keep a new one with its places, all or nothing. Raises Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(note_item(self._kind, note), condition=NoteItem.pk.does_not_exist())
            for row in note_entries(self._kind, note):
                write.save(row)
            if idempotency_key:
                put_record(write, idempotency_key, {"id": str(note.id)}, note.created_at, is_done=True)

        transact_write_or_conflict(fill)

    def amend(self, before: Note[T], after: Note[T]) -> None:
        """Write a version over the one before, and keep that. Raises Conflict when another author was first."""

        def fill(write: TransactWrite) -> None:
            write.save(version_item(self._kind, before), condition=NoteVersionItem.pk.does_not_exist())
            write.save(note_item(self._kind, after), condition=NoteItem.version == before.version)

        transact_write_or_conflict(fill)

    def get(self, number: int) -> Note[T] | None:
        """Return the writing as it stands, strongly consistent; one round trip."""
        item = get_item(NoteItem, self._kind.key(number), self._kind.sort)
        return note_of(self._kind, item) if item else None

    def get_many(self, numbers: Sequence[int]) -> list[Note[T]]:
        """Return those among these ids that are there, in their order, strongly consistent."""
        item_keys = [(self._kind.key(number), self._kind.sort) for number in numbers]
        with sdk_errors_mapped():
            items = NoteItem.batch_get(item_keys, consistent_read=True)
            by_id = {keys.number(item.pk): note_of(self._kind, item) for item in items}
        return [by_id[number] for number in numbers if number in by_id]

    def of_patient(self, patient_id: int, part: PageRange) -> ListPage[int]:
        """Return what was written of a patient."""
        return self._lists.by_id([self._kind.list_of(patient_id)], part)

    def in_departments(self, departments: Iterable[int], part: PageRange) -> ListPage[int]:
        """Return what was written of patients while they were in one of these departments."""
        return self._lists.by_id([keys.records_in(number) for number in sorted(departments)], part)

    def versions(self, number: int, part: PageRange) -> ListPage[NoteVersion[T]]:
        """Return the versions that were replaced, strongly consistent, the newest first."""
        condition: Condition = NoteVersionItem.sk.startswith(keys.VERSION_PREFIX)
        if part.before is not None:
            condition = NoteVersionItem.sk.between(keys.version(0), keys.version(part.before - 1))
        rows = query_rows(NoteVersionItem, self._kind.key(number), replace(part, is_consistent=True), older=condition)
        return cut_page(rows, part, partial(version_of, self._kind), lambda item: keys.number(item.sk))

    def delete_all(self, patient_id: int) -> None:
        """Leave nothing of a patient's, nor of what was replaced; may be done again after half of it."""
        with sdk_errors_mapped():
            for row in ListEntry.query(self._kind.list_of(patient_id), consistent_read=True):
                note = self.get(int(row.sk))
                if note:
                    self._delete(note)
                row.delete()

    def _delete(self, note: Note[T]) -> None:
        """Delete a note but for the entry in the patient's list, which goes last, by the caller: it is what a second
        try begins with.
        """
        versions = NoteVersionItem.sk.startswith(keys.VERSION_PREFIX)
        for item in NoteVersionItem.query(self._kind.key(note.id), versions, consistent_read=True):
            item.delete()
        for row in note_entries(self._kind, note)[1:]:
            row.delete()
        NoteItem(self._kind.key(note.id), self._kind.sort).delete()


HISTORIES: NoteKind[Surgery] = NoteKind(
    sort=keys.HISTORY, key=keys.history, list_of=keys.histories_of, spell=asdict, read=lambda text: Surgery(**text)
)


def history_store(table: str) -> NoteStore[Surgery]:
    """Return the store of medical histories."""
    return NoteStore(table, HISTORIES)


RECORDS: NoteKind[Findings] = NoteKind(
    sort=keys.RECORD, key=keys.record, list_of=keys.records_of, spell=asdict, read=lambda text: Findings(**text)
)


def record_store(table: str) -> NoteStore[Findings]:
    """Return the store of patient records."""
    return NoteStore(table, RECORDS)
