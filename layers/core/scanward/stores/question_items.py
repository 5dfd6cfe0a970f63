"""How questions are spelled as DynamoDB items."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from scanward.domain.questions import Question, Response
from scanward.stores import keys
from scanward.stores.clinic_lists import RowItem
from scanward.stores.dynamo import from_ms, to_ms


class QuestionItem(Model):
    """QUESTION#id / QUESTION, with its response once there is one."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
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
    """The item of a question."""
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
    """The question that an item spells."""
    return Question(
        id=keys.number(item.pk),
        patient_id=int(item.patient_id),
        doctor_id=int(item.doctor_id) if item.doctor_id is not None else None,
        text=item.text,
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
        response=_response(item),
    )


def question_rows(question: Question) -> list[RowItem]:
    """A question's places: the patient's own first, where it waits while it does, and the thread it belongs to."""
    lists = [keys.questions_of(question.patient_id)]
    if question.response is None:
        lists.append(waiting_in(question))
    doctor = question.response.doctor_id if question.response else question.doctor_id
    if doctor is not None:
        lists.append(keys.thread(doctor, question.patient_id))
    return [RowItem(key, keys.sortable(question.id)) for key in lists]


def waiting_in(question: Question) -> str:
    """The list that a question waits in."""
    if question.doctor_id is not None:
        return keys.pending_of(question.doctor_id)
    return keys.pool(keys.list_shard(question.id))


def _response(item: QuestionItem) -> Response | None:
    if item.response_id is None:
        return None
    return Response(int(item.response_id), int(item.response_by), item.response_text, from_ms(item.response_ms))
