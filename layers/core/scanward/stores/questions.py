"""Questions in DynamoDB, the lists in which they wait, and their responses."""

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import ListPage, PageRange
from scanward.domain.questions import AlreadyAnswered, Question, Response
from scanward.errors import NotFound
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
from scanward.stores.notifications import Notification, NotificationStore


class QuestionItem(TableItem):
    """QUESTION#id / QUESTION, with its response once there is one."""

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


def _response(item: QuestionItem) -> Response | None:
    if item.response_id is None:
        return None
    return Response(int(item.response_id), int(item.response_by), item.response_text, from_ms(item.response_ms))


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

        Raises AlreadyAnswered, and NotFound when it was withdrawn meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            write.save(question_item(after), condition=WAITS)
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
            raise (AlreadyAnswered if self.get(before.id) else NotFound) from error

    def withdraw(self, question: Question) -> None:
        """Forget a question while it waits; one that is gone is no error. Raises AlreadyAnswered."""

        def fill(write: TransactWrite) -> None:
            write.delete(QuestionItem(keys.question(question.id)), condition=WAITS)
            for row in question_entries(question):
                write.delete(row)

        try:
            transact_write(fill)
        except ConditionFailed as error:
            if self.get(question.id):
                raise AlreadyAnswered from error

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
