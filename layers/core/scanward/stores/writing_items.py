"""How what doctors write is spelled as DynamoDB items, whatever its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pynamodb.attributes import NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.models import Model

from scanward.domain.writings import Writing
from scanward.stores import keys
from scanward.stores.attributes import JSONText
from scanward.stores.clinic_lists import RowItem
from scanward.stores.dynamo import from_ms, to_ms

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


def writing_rows(kind: Kind[T], writing: Writing[T]) -> list[RowItem]:
    """A writing's places: in the patient's list, and in those of departments."""
    lists = [kind.list_of(writing.patient_id), *map(keys.records_in, writing.departments)]
    return [RowItem(key, keys.sortable(writing.id)) for key in lists]
