"""Questions in DynamoDB, the lists in which they wait, and their responses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import ListPage, PageRange
from scanward.domain.questions import AlreadyAnswered, Question, Response
from scanward.errors import Conflict, NotFound
from scanward.stores import keys
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    sdk_errors_mapped,
    to_ms,
    transact_write,
    transact_write_or_conflict,
)
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.lists import ListEntry, ListStore
from scanward.stores.notifications import Notification, NotificationEvent, NotificationStore


class QuestionItem(TableItem):
    """QUESTION#id / QUESTION, with its response once there is one. `left_ms`: since when its doctor cannot answer."""

    sk = UnicodeAttribute(range_key=True, default=keys.QUESTION)
    patient_id = NumberAttribute()
    doctor_id = NumberAttribute(null=True)
    text = UnicodeAttribute()
    created_ms = NumberAttribute()
    updated_ms = NumberAttribute()
    response_id = NumberAttribute(null=True)
    response_by = NumberAttribute(null=True)
    response_text = UnicodeAttribute(null=True)
    response_ms = NumberAttribute(null=True)
    left_ms = NumberAttribute(null=True)


WAITS: Condition = QuestionItem.pk.exists() & QuestionItem.response_id.does_not_exist()


def question_item(question: Question) -> QuestionItem:
    """Return the item of a question."""
    response = question.response
    return QuestionItem(
        keys.question(question.id),
        patient_id=question.patient_id,
        doctor_id=question.doctor_id,
        text=question.text,
        created_ms=to_ms(question.created_at),
        updated_ms=to_ms(question.updated_at),
        response_id=response.id if response else None,
        response_by=response.doctor_id if response else None,
        response_text=response.text if response else None,
        response_ms=to_ms(response.at) if response else None,
        left_ms=to_ms(question.doctor_left_at) if question.doctor_left_at else None,
    )


def question_of(item: QuestionItem) -> Question:
    """Return the question that an item spells."""
    return Question(
        id=keys.number(item.pk),
        patient_id=int(item.patient_id),
        doctor_id=int(item.doctor_id) if item.doctor_id is not None else None,
        text=item.text,
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
        response=_response(item),
        doctor_left_at=from_ms(item.left_ms) if item.left_ms is not None else None,
    )


def question_entries(question: Question) -> list[ListEntry]:
    """Return a question's places: the patient's own first, where it waits while it does, and the thread it belongs
    to.
    """
    lists = [keys.questions_of(question.patient_id)]
    if question.response is None:
        lists.append(waiting_lists(question))
    doctor = question.response.doctor_id if question.response else question.doctor_id
    if doctor is not None:
        lists.append(keys.thread(doctor, question.patient_id))
    return [ListEntry(key, keys.sortable(question.id)) for key in lists]


def waiting_lists(question: Question) -> str:
    """Return the list that a question waits in."""
    if question.doctor_id is not None:
        return keys.pending_of(question.doctor_id)
    return keys.pool(keys.list_shard(question.id))


def waits_for(doctor_id: int | None) -> Condition:
    """Return the condition that a question waits, and for this doctor, or for the pool."""
    pool = QuestionItem.doctor_id.does_not_exist()
    condition: Condition = WAITS & (pool if doctor_id is None else QuestionItem.doctor_id == doctor_id)
    return condition


def _response(item: QuestionItem) -> Response | None:
    if item.response_id is None:
        return None
    return Response(int(item.response_id), int(item.response_by), item.response_text, from_ms(item.response_ms))


PAGE = 50


class QuestionStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (QuestionItem, ListEntry, IdempotencyItem):
            bind_table(model, table)
        self._lists = ListStore(table)

    def add(self, question: Question, idempotency_key: IdempotencyKey | None = None) -> None:
        """Keep a new question with its places, all or nothing. Raises Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(question_item(question), condition=QuestionItem.pk.does_not_exist())
            for row in question_entries(question):
                write.save(row)
            if idempotency_key:
                put_record(write, idempotency_key, {"id": str(question.id)}, question.created_at, is_done=True)

        transact_write_or_conflict(fill)

    def answer(
        self,
        before: Question,
        after: Question,
        notices: NotificationStore | None = None,
        idempotency_key: IdempotencyKey | None = None,
    ) -> None:
        """Write the response, and that the patient is to be told, on the condition that there is none.

        Raises AlreadyAnswered, and NotFound when it was withdrawn or put to somebody else meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            write.save(question_item(after), condition=waits_for(before.doctor_id))
            write.delete(ListEntry(waiting_lists(before), keys.sortable(before.id)))
            for row in question_entries(after)[1:]:
                write.save(row)
            if notices:
                notices.write(write, Notification(after.patient_id, after.id), after.updated_at)
            if idempotency_key:
                put_record(write, idempotency_key, {"id": str(after.id)}, after.updated_at, is_done=True)

        try:
            transact_write(fill)
        except ConditionFailed as error:
            current = self.get(before.id)
            is_theirs = current is not None and (current.response or current.doctor_id == before.doctor_id)
            raise (AlreadyAnswered if is_theirs else NotFound) from error

    def readdress(self, before: Question, after: Question) -> None:
        """Put a question to whom it goes now, all or nothing. Raises AlreadyAnswered, NotFound, Conflict."""
        places = ({(row.pk, row.sk): row for row in question_entries(question)} for question in (before, after))
        old_places, new_places = places

        def fill(write: TransactWrite) -> None:
            write.save(question_item(after), condition=waits_for(before.doctor_id))
            for key in old_places.keys() - new_places.keys():
                write.delete(old_places[key])
            for key in new_places.keys() - old_places.keys():
                write.save(new_places[key])

        try:
            transact_write(fill)
        except ConditionFailed as error:
            current = self.get(before.id)
            if current is None:
                raise NotFound from error
            if current != after:
                raise (AlreadyAnswered if current.response else Conflict) from error

    def waiting_for(self, doctor_id: int) -> Iterator[Question]:
        """Yield what waits for one doctor alone, strongly consistent."""
        before = None
        while True:
            page = self._lists.by_id([keys.pending_of(doctor_id)], PageRange(0, PAGE, before, is_consistent=True))
            yield from self.get_many(page.items)
            before = page.last
            if before is None:
                return

    def set_doctor_left(self, question: Question, now: datetime, notices: NotificationStore) -> None:
        """Write that a question's doctor cannot answer it, and that the patient is to be told.

        One that waits for them no longer is no error.
        """
        notice = Notification(question.patient_id, question.id, NotificationEvent.QUESTION_RETURNED)
        self._mark(question, QuestionItem.left_ms.set(to_ms(now)), lambda write: notices.write(write, notice, now))

    def clear_doctor_left(self, question: Question) -> None:
        """Write that a question's doctor can answer it again. One that waits for them no longer is no error."""
        self._mark(question, QuestionItem.left_ms.remove(), lambda _: None)

    def _mark(self, question: Question, action: Action, beside: Callable[[TransactWrite], None]) -> None:
        def fill(write: TransactWrite) -> None:
            item = QuestionItem(keys.question(question.id))
            write.update(item, actions=[action], condition=waits_for(question.doctor_id))
            beside(write)

        with suppress(ConditionFailed):
            transact_write(fill)

    def withdraw(self, question: Question) -> None:
        """Forget a question while it waits; one that is gone is no error.

        Raises AlreadyAnswered, and Conflict when it was put to somebody else meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            write.delete(QuestionItem(keys.question(question.id)), condition=waits_for(question.doctor_id))
            for row in question_entries(question):
                write.delete(row)

        try:
            transact_write(fill)
        except ConditionFailed as error:
            current = self.get(question.id)
            if current:
                raise (AlreadyAnswered if current.response else Conflict) from error

    def get(self, number: int) -> Question | None:
        """Return the question, strongly consistent; one round trip."""
        item = get_item(QuestionItem, keys.question(number), keys.QUESTION)
        return question_of(item) if item else None

    def get_many(self, numbers: Sequence[int]) -> list[Question]:
        """Return the questions among these ids that are there, in their order, strongly consistent."""
        item_keys = [(keys.question(number), keys.QUESTION) for number in numbers]
        with sdk_errors_mapped():
            by_id = {keys.number(item.pk): item for item in QuestionItem.batch_get(item_keys, consistent_read=True)}
        return [question_of(by_id[number]) for number in numbers if number in by_id]

    def pending(self, doctor_id: int, part: PageRange) -> ListPage[int]:
        """Return what waits for a doctor, alone or with all others."""
        pools = [keys.pool(shard) for shard in range(keys.LIST_SHARDS)]
        return self._lists.by_id([keys.pending_of(doctor_id), *pools], part)

    def thread(self, doctor_id: int, patient_id: int, part: PageRange) -> ListPage[int]:
        """Return what a patient asked a doctor, and what of the pool that doctor answered them."""
        return self._lists.by_id([keys.thread(doctor_id, patient_id)], part)

    def of_patient(self, patient_id: int, part: PageRange) -> ListPage[int]:
        """Return what a patient asked."""
        return self._lists.by_id([keys.questions_of(patient_id)], part)

    def delete_all(self, patient_id: int) -> None:
        """Leave nothing of a patient's questions, nor of the responses; may be done again after half of it."""
        with sdk_errors_mapped():
            for row in ListEntry.query(keys.questions_of(patient_id), consistent_read=True):
                question = self.get(int(row.sk))
                if question:
                    for place in question_entries(question)[1:]:
                        place.delete()
                    QuestionItem(keys.question(question.id)).delete()
                row.delete()
