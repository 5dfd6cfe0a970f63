"""Questions, where they wait, and their responses."""

from collections.abc import Sequence

from pynamodb.transactions import TransactWrite

from scanward.domain.once import Once
from scanward.domain.questions import AlreadyAnswered, Question
from scanward.errors import NotFound
from scanward.stores import keys
from scanward.stores.clinic_lists import ClinicLists, Ids, Part, RowItem
from scanward.stores.dynamo import ConditionFailed, bind, translated
from scanward.stores.notices import Notice, Notices
from scanward.stores.once import OnceItem, mark
from scanward.stores.question_items import WAITS, QuestionItem, question_item, question_of, question_rows, waiting_in
from scanward.stores.transactions import write_together, write_unchanged


class QuestionStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (QuestionItem, RowItem, OnceItem):
            bind(model, table)
        self._lists = ClinicLists(table)

    def add(self, question: Question, once: Once | None = None) -> None:
        """Keeps a new question with its places, all or nothing. Raises Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(question_item(question), condition=QuestionItem.pk.does_not_exist())
            for row in question_rows(question):
                write.save(row)
            if once:
                mark(write, once, {"id": str(question.id)}, question.created_at, done=True)

        write_unchanged(fill)

    def answer(
        self, before: Question, after: Question, notices: Notices | None = None, once: Once | None = None
    ) -> None:
        """Writes the response, and that the patient is to be told, on the condition that there is none.

        Raises AlreadyAnswered, and NotFound when it was withdrawn meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            write.save(question_item(after), condition=WAITS)
            write.delete(RowItem(waiting_in(before), keys.sortable(before.id)))
            for row in question_rows(after)[1:]:
                write.save(row)
            if notices:
                notices.write(write, Notice(after.patient_id, after.id), after.updated_at)
            if once:
                mark(write, once, {"id": str(after.id)}, after.updated_at, done=True)

        try:
            write_together(fill)
        except ConditionFailed as lost:
            raise (AlreadyAnswered if self.get(before.id) else NotFound) from lost

    def withdraw(self, question: Question) -> None:
        """Forgets a question while it waits; one that is gone is no error. Raises AlreadyAnswered."""

        def fill(write: TransactWrite) -> None:
            write.delete(QuestionItem(keys.question(question.id)), condition=WAITS)
            for row in question_rows(question):
                write.delete(row)

        try:
            write_together(fill)
        except ConditionFailed as lost:
            if self.get(question.id):
                raise AlreadyAnswered from lost

    def get(self, number: int) -> Question | None:
        """The question, strongly consistent; one round trip."""
        with translated():
            try:
                return question_of(QuestionItem.get(keys.question(number), keys.QUESTION, consistent_read=True))
            except QuestionItem.DoesNotExist:
                return None

    def many(self, numbers: Sequence[int]) -> list[Question]:
        """The questions among these ids that are there, in their order, strongly consistent."""
        wanted = [(keys.question(number), keys.QUESTION) for number in numbers]
        with translated():
            found = {keys.number(item.pk): item for item in QuestionItem.batch_get(wanted, consistent_read=True)}
        return [question_of(found[number]) for number in numbers if number in found]

    def pending(self, doctor_id: int, part: Part) -> Ids:
        """What waits for a doctor, alone or with all others."""
        pools = [keys.pool(shard) for shard in range(keys.LIST_SHARDS)]
        return self._lists.ids([keys.pending_of(doctor_id), *pools], part)

    def thread(self, doctor_id: int, patient_id: int, part: Part) -> Ids:
        """What a patient asked a doctor, and what of the pool that doctor answered them."""
        return self._lists.ids([keys.thread(doctor_id, patient_id)], part)

    def of_patient(self, patient_id: int, part: Part) -> Ids:
        """What a patient asked."""
        return self._lists.ids([keys.questions_of(patient_id)], part)

    def forget_all(self, patient_id: int) -> None:
        """Leaves nothing of a patient's questions, nor of the responses; may be done again after half of it."""
        with translated():
            for row in RowItem.query(keys.questions_of(patient_id), consistent_read=True):
                question = self.get(int(row.sk))
                if question:
                    for place in question_rows(question)[1:]:
                        place.delete()
                    QuestionItem(keys.question(question.id)).delete()
                row.delete()
