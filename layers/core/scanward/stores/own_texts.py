"""Everything that doctors wrote about a patient, and that the patient asked: read from end to end, or forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from scanward.domain.questions import Question
from scanward.domain.writings import Writing
from scanward.stores import keys
from scanward.stores.clinic_lists import ClinicLists, Part
from scanward.stores.histories import history_store
from scanward.stores.patient_records import record_store
from scanward.stores.questions import QuestionStore
from scanward.stores.writing_items import Replaced
from scanward.stores.writings import WritingStore

T = TypeVar("T")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Text(Generic[T]):
    """A writing, and what amendments replaced of it."""

    standing: Writing[T]
    replaced: Sequence[Replaced[T]]


class OwnTexts:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        self._lists = ClinicLists(table)
        self._records, self._histories = record_store(table), history_store(table)
        self._questions = QuestionStore(table)

    def records(self, patient_id: int) -> Iterator[object]:
        """The patient's records."""
        return self._texts(self._records, keys.records_of(patient_id))

    def histories(self, patient_id: int) -> Iterator[object]:
        """The patient's medical histories."""
        return self._texts(self._histories, keys.histories_of(patient_id))

    def questions(self, patient_id: int) -> Iterator[Question]:
        """What the patient asked, with the responses."""
        for ids in self._ids(keys.questions_of(patient_id)):
            yield from self._questions.many(ids)

    def forget(self, patient_id: int) -> None:
        """Leaves none of them."""
        self._records.forget_all(patient_id)
        self._histories.forget_all(patient_id)
        self._questions.forget_all(patient_id)

    def _texts(self, store: WritingStore[T], place: str) -> Iterator[Text[T]]:
        for ids in self._ids(place):
            for writing in store.many(ids):
                yield Text(writing, list(_replaced(store, writing.id)))

    def _ids(self, place: str) -> Iterator[Sequence[int]]:
        before = None
        while True:
            found = self._lists.ids([place], Part(0, PAGE, before))
            yield found.ids
            before = found.last
            if before is None:
                return


def _replaced(store: WritingStore[T], number: int) -> Iterator[Replaced[T]]:
    before = None
    while True:
        found = store.replaced(number, Part(0, PAGE, before))
        yield from found.versions
        before = found.last
        if before is None:
            return
