"""The routes of patient records, questions and medical histories."""

from functools import partial

from scanward.domain.policy import Action
from tests.contracts.policy.belongings import COLLEAGUE
from tests.contracts.policy.requests import get, of, question, send
from tests.contracts.policy.rows import DOCTORS, PATIENTS, Row, always, asked, may, needs, unasked

A = Action
TEXT = {"description": "Cough", "diagnosis": "Cold"}
SURGERY = {"name_of_surgery": "Appendectomy", "description_of_surgery": "Laparoscopic"}


Own = partial(Row, about_patients=False)
ROWS = (
    Row(
        "GET /api/patient_records",
        get("/api/patient_records"),
        always(),
        DOCTORS,
        approved=True,
        shows=lambda cell: cell.relation != "own" and may(cell, A.READ_RECORD),
        note="departments",
    ),
    Row("GET /api/patient_records", get("/api/patient_records?patient_id={patient}"), needs(A.READ_RECORD)),
    Row(
        "POST /api/patient_records",
        send("POST", "/api/patient_records", lambda target: TEXT | {"patient_id": target.patient}),
        needs(A.WRITE_RECORD, 201),
    ),
    Row("GET /api/patient_records/{pk}", of("GET", "/api/patient_records/{id}", "new_record"), needs(A.READ_RECORD)),
    Row(
        "PATCH /api/patient_records/{pk}",
        of("PATCH", "/api/patient_records/{id}", "new_record", TEXT | {"version": 1}),
        needs(A.WRITE_RECORD),
    ),
    Row(
        "GET /api/patient_records/{pk}/versions",
        of("GET", "/api/patient_records/{id}/versions", "new_record"),
        needs(A.READ_RECORD),
    ),
    Own("POST /api/questions", send("POST", "/api/questions", {"question_text": "Why?"}), always(201), PATIENTS),
    Own("GET /api/questions", get("/api/questions"), always(), PATIENTS),
    Row("GET /api/questions/pending", get("/api/questions/pending"), always(), DOCTORS, approved=True),
    Row("GET /api/questions/{id}", question("GET", "/api/questions/{id}", "another"), unasked(A.READ_QUESTION)),
    Row(
        "GET /api/questions/{id}",
        question("GET", "/api/questions/{id}", "caller"),
        asked(A.READ_QUESTION),
        note="asked",
    ),
    Row(
        "GET /api/questions/{id}",
        question("GET", "/api/questions/{id}", "all"),
        asked(A.READ_QUESTION),
        note="all asked",
    ),
    Row(
        "PUT /api/questions/{id}",
        question("PUT", "/api/questions/{id}", "another", {"doctor_id": None}),
        unasked(A.ASK_QUESTION),
        PATIENTS,
    ),
    Row(
        "DELETE /api/questions/{id}",
        question("DELETE", "/api/questions/{id}", "another"),
        unasked(A.WITHDRAW_QUESTION),
        PATIENTS,
    ),
    Row(
        "POST /api/questions/{id}/response",
        question("POST", "/api/questions/{id}/response", "another", {"response_text": "So."}),
        unasked(A.ANSWER_QUESTION, 201),
        DOCTORS,
    ),
    Row(
        "POST /api/questions/{id}/response",
        question("POST", "/api/questions/{id}/response", "caller", {"response_text": "So."}),
        asked(A.ANSWER_QUESTION, 201),
        DOCTORS,
        note="asked",
    ),
    Row(
        "GET /api/questions/{id}/{patient_id}",
        lambda client, target: client.get(f"/api/questions/{COLLEAGUE}/{target.patient}"),
        unasked(A.READ_QUESTION),
        note="another's",
    ),
    Row(
        "GET /api/questions/{id}/{patient_id}",
        lambda client, target: client.get(f"/api/questions/{target.caller}/{target.patient}"),
        asked(A.READ_QUESTION),
        note="one's own",
    ),
    Row(
        "GET /api/medical_histories_of_patient/{user_id}",
        get("/api/medical_histories_of_patient/{patient}"),
        needs(A.READ_HISTORY),
    ),
    Row(
        "POST /api/medical_histories",
        send("POST", "/api/medical_histories", lambda target: SURGERY | {"user_id": target.patient}),
        needs(A.WRITE_HISTORY, 201),
    ),
    Row(
        "PUT /api/medical_histories/{id}",
        of("PUT", "/api/medical_histories/{id}", "new_history", SURGERY | {"version": 1}),
        needs(A.WRITE_HISTORY),
    ),
    Row(
        "GET /api/medical_histories/{id}/versions",
        of("GET", "/api/medical_histories/{id}/versions", "new_history"),
        needs(A.READ_HISTORY),
    ),
)
