"""Clinical notes in DynamoDB, kept with every version that an amendment replaced."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pynamodb.attributes import NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.clinical_notes import Findings, Surgery, Writing
from scanward.domain.idempotency import IdempotencyKey
from scanward.stores import keys
from scanward.stores.dynamo import JSONText, bind_table, from_ms, sdk_errors_mapped, to_ms, transact_write_or_conflict
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.lists import Ids, ListEntry, ListStore, PageRange

T = TypeVar("T")


class WritingItem(Model):
    """RECORD#id / RECORD and HISTORY#id / HISTORY: what stands."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    patient_id = NumberAttribute()
    author_id = NumberAttribute()
    text = JSONText()
    version = NumberAttribute()
    created_ms = NumberAttribute()
    updated_ms = NumberAttribute()
    amended_by = NumberAttribute()
    departments = NumberSetAttribute(null=True)


class ReplacedItem(Model):
    """RECORD#id or HISTORY#id / VERSION#number: what an amendment replaced, who had written it and when."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    text = JSONText()
    author_id = NumberAttribute()
    at_ms = NumberAttribute()


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of writing: its keys, the list of a patient's, and how its text is spelled and read."""

    sort: str
    key: Callable[[int], str]
    list_of: Callable[[int], str]
    spell: Callable[[T], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], T]


@dataclass(frozen=True, slots=True)
class Replaced(Generic[T]):
    """A version that stands no longer, and who wrote it when."""

    version: int
    text: T
    author_id: int
    at: datetime


def writing_item(kind: Kind[T], writing: Writing[T]) -> WritingItem:
    """The item of a writing."""
    return WritingItem(
        kind.key(writing.id),
        kind.sort,
        patient_id=writing.patient_id,
        author_id=writing.author_id,
        text=kind.spell(writing.text),
        version=writing.version,
        created_ms=to_ms(writing.created_at),
        updated_ms=to_ms(writing.updated_at),
        amended_by=writing.amended_by,
        departments=set(writing.departments) or None,
    )


def writing_of(kind: Kind[T], item: WritingItem) -> Writing[T]:
    """The writing that an item spells."""
    return Writing(
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


def replaced_item(kind: Kind[T], writing: Writing[T]) -> ReplacedItem:
    """The item of a version that is about to be replaced."""
    return ReplacedItem(
        kind.key(writing.id),
        keys.version(writing.version),
        text=kind.spell(writing.text),
        author_id=writing.amended_by,
        at_ms=to_ms(writing.updated_at),
    )


def replaced_of(kind: Kind[T], item: ReplacedItem) -> Replaced[T]:
    """The version that an item spells."""
    return Replaced(keys.number(item.sk), kind.read(item.text), int(item.author_id), from_ms(item.at_ms))


def list_entries(kind: Kind[T], writing: Writing[T]) -> list[ListEntry]:
    """A writing's places: in the patient's list, and in those of departments."""
    lists = [kind.list_of(writing.patient_id), *map(keys.records_in, writing.departments)]
    return [ListEntry(key, keys.sortable(writing.id)) for key in lists]


@dataclass(frozen=True, slots=True)
class Versions(Generic[T]):
    """Some of what was replaced. `last`: the version before which the next part begins; None when this is the last."""

    versions: Sequence[Replaced[T]]
    last: int | None


class WritingStore(Generic[T]):
    """The writings of one kind. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, kind: Kind[T]) -> None:
        for model in (WritingItem, ReplacedItem, ListEntry, IdempotencyItem):
            bind_table(model, table)
        self._kind = kind
        self._lists = ListStore(table)

    def add(self, writing: Writing[T], once: IdempotencyKey | None = None) -> None:
        """Keeps a new one with its places, all or nothing. Raises Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(writing_item(self._kind, writing), condition=WritingItem.pk.does_not_exist())
            for row in list_entries(self._kind, writing):
                write.save(row)
            if once:
                put_record(write, once, {"id": str(writing.id)}, writing.created_at, done=True)

        transact_write_or_conflict(fill)

    def amend(self, before: Writing[T], after: Writing[T]) -> None:
        """Writes a version over the one before, and keeps that. Raises Conflict when somebody else was first."""

        def fill(write: TransactWrite) -> None:
            write.save(replaced_item(self._kind, before), condition=ReplacedItem.pk.does_not_exist())
            write.save(writing_item(self._kind, after), condition=WritingItem.version == before.version)

        transact_write_or_conflict(fill)

    def get(self, number: int) -> Writing[T] | None:
        """The writing as it stands, strongly consistent; one round trip."""
        with sdk_errors_mapped():
            try:
                item = WritingItem.get(self._kind.key(number), self._kind.sort, consistent_read=True)
            except WritingItem.DoesNotExist:
                return None
        return writing_of(self._kind, item)

    def many(self, numbers: Sequence[int]) -> list[Writing[T]]:
        """Those among these ids that are there, in their order."""
        with sdk_errors_mapped():
            items = WritingItem.batch_get([(self._kind.key(number), self._kind.sort) for number in numbers])
            found = {keys.number(item.pk): writing_of(self._kind, item) for item in items}
        return [found[number] for number in numbers if number in found]

    def of_patient(self, patient_id: int, part: PageRange) -> Ids:
        """What was written of a patient."""
        return self._lists.by_id([self._kind.list_of(patient_id)], part)

    def in_departments(self, departments: Iterable[int], part: PageRange) -> Ids:
        """What was written of patients while they were in one of these departments."""
        return self._lists.by_id([keys.records_in(number) for number in sorted(departments)], part)

    def replaced(self, number: int, part: PageRange) -> Versions[T]:
        """The versions that were replaced, the newest first."""
        wanted: Condition = ReplacedItem.sk.startswith(keys.VERSION_PREFIX)
        if part.before is not None:
            wanted = ReplacedItem.sk.between(keys.version(0), keys.version(part.before - 1))
        many = part.skip + part.limit + 1
        with sdk_errors_mapped():
            found = ReplacedItem.query(self._kind.key(number), wanted, scan_index_forward=False, limit=many)
            versions = [replaced_of(self._kind, item) for item in found][part.skip :]
        shown = versions[: part.limit]
        return Versions(shown, shown[-1].version if len(versions) > part.limit else None)

    def forget_all(self, patient_id: int) -> None:
        """Leaves nothing of a patient's, nor of what was replaced; may be done again after half of it."""
        with sdk_errors_mapped():
            for row in ListEntry.query(self._kind.list_of(patient_id), consistent_read=True):
                writing = self.get(int(row.sk))
                if writing:
                    self._forget(writing)
                row.delete()

    def _forget(self, writing: Writing[T]) -> None:
        """The place in the patient's list goes last, by the caller: it is what a second try begins with."""
        for item in ReplacedItem.query(self._kind.key(writing.id), ReplacedItem.sk.startswith(keys.VERSION_PREFIX)):
            item.delete()
        for row in list_entries(self._kind, writing)[1:]:
            row.delete()
        WritingItem(self._kind.key(writing.id), self._kind.sort).delete()


HISTORIES: Kind[Surgery] = Kind(keys.HISTORY, keys.history, keys.histories_of, asdict, lambda said: Surgery(**said))


def history_store(table: str) -> WritingStore[Surgery]:
    """The store of medical histories."""
    return WritingStore(table, HISTORIES)


RECORDS: Kind[Findings] = Kind(keys.RECORD, keys.record, keys.records_of, asdict, lambda said: Findings(**said))


def record_store(table: str) -> WritingStore[Findings]:
    """The store of patient records."""
    return WritingStore(table, RECORDS)
