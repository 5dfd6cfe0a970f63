"""Questions and responses (contract E)."""

from functions.records.routes.directory import DOCTORS
from functions.records.schemas.fields import ProseQuery
from functions.records.schemas.questions import QuestionBody, QuestionOut, ReaddressBody, ResponseBody, ResponseOut
from functions.records.usecases import questions
from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.questions import Questions
from scanward.domain.accounts import Role
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import Audience, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.FLAT)
PATIENTS = Audience(roles=frozenset({Role.PATIENT}))


@routes.post("/api/questions", QuestionOut, QuestionBody, audience=PATIENTS, status=201, idempotent=True)
def ask_question(call: Call[QuestionBody], deps: RecordDeps) -> QuestionOut:
    """Ask a doctor, or without `doctor_id` all approved doctors, who can read it until one has answered."""
    body = call.body
    return QuestionOut.from_domain(
        questions.ask_question(
            deps=deps,
            actor=call.actor,
            text=body.question_text,
            doctor_id=body.doctor_id,
            idempotency_key=call.idempotency_key,
        )
    )


@routes.get("/api/questions", list[QuestionOut], query=ProseQuery, audience=PATIENTS)
def list_own_questions(call: Call[None], deps: RecordDeps) -> Page:
    """List what the caller has asked, the newest first."""
    return _page(questions.list_own_questions(deps, call.actor, call.query.page_request()))


@routes.get("/api/questions/pending", list[QuestionOut], query=ProseQuery, audience=DOCTORS)
def list_pending(call: Call[None], deps: RecordDeps) -> Page:
    """List what waits for the caller, alone or with all other doctors, the newest first."""
    return _page(questions.list_pending(deps, call.actor, call.query.page_request()))


@routes.get("/api/questions/{id}", QuestionOut)
def read_question(call: Call[None], deps: RecordDeps) -> QuestionOut:
    """Read one question, with its response once there is one."""
    return QuestionOut.from_domain(questions.read_question(deps, call.actor, call.path["id"]))


@routes.put("/api/questions/{id}", QuestionOut, ReaddressBody, audience=PATIENTS)
def readdress_question(call: Call[ReaddressBody], deps: RecordDeps) -> QuestionOut:
    """Put a question of one's own that has no answer yet to another doctor, or to all approved doctors."""
    question = questions.readdress_question(deps, call.actor, call.path["id"], call.body.doctor_id)
    return QuestionOut.from_domain(question)


@routes.delete("/api/questions/{id}", MessageOut, audience=PATIENTS)
def withdraw_question(call: Call[None], deps: RecordDeps) -> MessageOut:
    """Take back a question of one's own that has no answer yet."""
    questions.withdraw_question(deps, call.actor, call.path["id"])
    return MessageOut(message="Question withdrawn")


@routes.post("/api/questions/{id}/response", ResponseOut, ResponseBody, audience=DOCTORS, status=201, idempotent=True)
def answer_question(call: Call[ResponseBody], deps: RecordDeps) -> ResponseOut:
    """Answer a question; the first answer is the only one."""
    question = questions.answer_question(
        deps=deps,
        actor=call.actor,
        question_id=call.path["id"],
        text=call.body.response_text,
        idempotency_key=call.idempotency_key,
    )
    return ResponseOut.from_question(question)[0]


@routes.get("/api/questions/{id}/{patient_id}", list[QuestionOut], query=ProseQuery)
def list_thread(call: Call[None], deps: RecordDeps) -> Page:
    """List what a patient asked a doctor, whose id comes first, the newest first."""
    doctor, patient = call.path["id"], call.path["patient_id"]
    return _page(
        questions.list_thread(
            deps=deps, actor=call.actor, doctor=doctor, patient=patient, request=call.query.page_request()
        )
    )


def _page(page: Questions) -> Page:
    return Page([QuestionOut.from_domain(question) for question in page[0]], page[1])
