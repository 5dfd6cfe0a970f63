"""Patients ask, doctors answer."""

from collections.abc import Sequence
from datetime import datetime

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import is_working_doctor, require_known
from scanward.domain import questions
from scanward.domain.accounts import Actor, Role
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action, Relation, Resource, allows, relation_of
from scanward.domain.questions import AlreadyAnswered, Question, Response
from scanward.errors import InvalidFields, NotAllowed, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.idempotency import create_once

RESOURCE = "question"
Questions = tuple[Sequence[Question], str | None]
NO_SUCH_DOCTOR = "There is no such doctor."


def ask_question(
    deps: RecordDeps, actor: Actor, text: str, doctor_id: int | None, idempotency_key: IdempotencyKey | None
) -> Question:
    """Return a patient's question, to a doctor or to all.

    Raises NotAllowed, IdempotencyKeyReused, InvalidFields for no such doctor.
    """
    if not allows(actor, Action.ASK_QUESTION, Resource(actor.account_id)):
        raise NotAllowed

    def create(now: datetime) -> Question:
        _require_doctor(deps, doctor_id)
        question = Question(
            id=deps.fresh_id(now),
            patient_id=actor.account_id,
            doctor_id=doctor_id,
            text=text,
            created_at=now,
            updated_at=now,
        )
        deps.questions.add(question, idempotency_key)
        return question

    def replay(record: IdempotencyRecord) -> Question:
        return _get_question(deps, int(record.answer["id"]))

    return create_once(store=deps.idempotency, key=idempotency_key, now=deps.now, create=create, replay=replay)


def list_own_questions(deps: RecordDeps, actor: Actor, request: PageRequest) -> Questions:
    """Return part of what the caller has asked, the newest first."""
    scope = f"questions-of:{actor.account_id}"
    page = deps.questions.of_patient(actor.account_id, deps.tokens.page_range(request, scope))
    return deps.questions.get_many(page.items), deps.tokens.next_cursor(page.last, scope)


def list_pending(deps: RecordDeps, actor: Actor, request: PageRequest) -> Questions:
    """Return part of what waits for a doctor, alone or with all others, the newest first. Raises NotAllowed."""
    if not actor.is_approved:
        raise NotAllowed
    scope = f"pending-for:{actor.account_id}"
    page = deps.questions.pending(actor.account_id, deps.tokens.page_range(request, scope))
    waiting = [question for question in deps.questions.get_many(page.items) if question.response is None]
    return _log_shown(deps, actor, waiting), deps.tokens.next_cursor(page.last, scope)


def read_question(deps: RecordDeps, actor: Actor, question_id: str) -> Question:
    """Return one question. Raises NotFound, also for a stranger's, and NotAllowed for who waits for approval."""
    question = _get_question(deps, parse_id(question_id))
    thing = ResourceRef(RESOURCE, question.id)
    if actor.account_id == question.patient_id:
        deps.access.require(actor, Action.READ_QUESTION, question.patient_id, thing)
    else:
        resource = Resource(question.patient_id, _relation(actor, question.reader(actor.account_id)))
        deps.access.require_as(actor, Action.READ_QUESTION, resource, thing)
    return question


def answer_question(
    deps: RecordDeps, actor: Actor, question_id: str, text: str, idempotency_key: IdempotencyKey | None
) -> Question:
    """Return the answer.

    Raises AlreadyAnswered to whom the question was put, NotFound to others, NotAllowed, IdempotencyKeyReused.
    """

    def create(now: datetime) -> Question:
        # The response lies in its question: its id need not be free.
        before = _get_question(deps, parse_id(question_id))
        resource = Resource(before.patient_id, _relation(actor, before.answerer(actor.account_id)))
        if before.response and allows(actor, Action.ANSWER_QUESTION, resource):
            raise AlreadyAnswered
        deps.access.require_as(actor, Action.ANSWER_QUESTION, resource, ResourceRef(RESOURCE, before.id))
        after = questions.answer(before, Response(deps.fresh_id(now), actor.account_id, text, now))
        deps.questions.answer(before, after, deps.notifications, idempotency_key)
        return after

    def replay(record: IdempotencyRecord) -> Question:
        return _get_question(deps, int(record.answer["id"]))

    return create_once(
        store=deps.idempotency,
        key=idempotency_key,
        now=deps.now,
        create=create,
        replay=replay,
        tries=2 if idempotency_key else 1,
    )


def readdress_question(deps: RecordDeps, actor: Actor, question_id: str, doctor_id: int | None) -> Question:
    """Return a patient's question that waits, put to another doctor, or with None to the pool.

    Raises NotFound, also for a stranger's, AlreadyAnswered, Conflict, InvalidFields for no such doctor.
    """
    before = _get_question(deps, parse_id(question_id))
    deps.access.require(actor, Action.ASK_QUESTION, before.patient_id, ResourceRef(RESOURCE, before.id))
    after = questions.readdress(before, doctor_id, deps.now())
    _require_doctor(deps, doctor_id)
    deps.questions.readdress(before, after)
    return after


def withdraw_question(deps: RecordDeps, actor: Actor, question_id: str) -> None:
    """Withdraw a patient's question while it waits. Raises NotFound, also for a stranger's, AlreadyAnswered."""
    question = _get_question(deps, parse_id(question_id))
    deps.access.require(actor, Action.WITHDRAW_QUESTION, question.patient_id, ResourceRef(RESOURCE, question.id))
    deps.questions.withdraw(question)


def list_thread(deps: RecordDeps, actor: Actor, doctor: str, patient: str, request: PageRequest) -> Questions:
    """Return part of what a patient asked a doctor, the newest first. Raises NotFound for a stranger's, NotAllowed."""
    doctor_id, patient_id = parse_id(doctor), parse_id(patient)
    relation = _relation(actor, Relation.ASKED if actor.account_id == doctor_id else Relation.NONE)
    resource = Resource(patient_id, relation)
    if not allows(actor, Action.READ_QUESTION, resource):
        raise NotFound if relation_of(actor, resource) is Relation.NONE else NotAllowed
    require_known(deps, actor, patient_id)
    scope = f"thread:{doctor_id}:{patient_id}"
    page = deps.questions.thread(doctor_id, patient_id, deps.tokens.page_range(request, scope))
    return _log_shown(deps, actor, deps.questions.get_many(page.items)), deps.tokens.next_cursor(page.last, scope)


def _log_shown(deps: RecordDeps, actor: Actor, questions: Sequence[Question]) -> Sequence[Question]:
    things = [(question.patient_id, ResourceRef(RESOURCE, question.id)) for question in questions]
    deps.access.log_each(actor, Action.READ_QUESTION, things)
    return questions


def _relation(actor: Actor, relation: Relation) -> Relation:
    """Return the relation that a question makes, which only doctors have."""
    return relation if actor.role is Role.DOCTOR else Relation.NONE


def _require_doctor(deps: RecordDeps, doctor_id: int | None) -> None:
    """Raise InvalidFields unless a question may be put to them: to the pool, or to a doctor at work."""
    credentials = deps.accounts.get(doctor_id) if doctor_id is not None else None
    if doctor_id is not None and (credentials is None or not is_working_doctor(credentials.account)):
        raise InvalidFields({"doctor_id": [NO_SUCH_DOCTOR]})


def _get_question(deps: RecordDeps, number: int) -> Question:
    question = deps.questions.get(number)
    if question is None:
        raise NotFound
    return question
