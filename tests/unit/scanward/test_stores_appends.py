"""What is added is put where nothing is: however two calls meet, none is written over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scanward.domain import clinical_notes, patient_chart, tasks
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry, CareLink, Glass, Grant
from scanward.domain.clinical_notes import Findings
from scanward.domain.policy import Relation
from scanward.domain.questions import Question
from scanward.domain.scans import Reading, Scan
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.care import CareStore
from scanward.stores.clinical_notes import record_store
from scanward.stores.dynamo import connection
from scanward.stores.notifications import NotificationStore
from scanward.stores.patients import ChartStore
from scanward.stores.questions import QuestionStore
from scanward.stores.rate_limits import GlassRateStore
from scanward.stores.scans import ScanStore
from tests.support.links import add_link

pytestmark = pytest.mark.usefixtures("aws")

SCANS, CLINIC = "ScansTable", "ClinicTable"
NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)
READ = Reading("clear", 9, NOW)
ENTRY = AccessEntry(
    patient_id=3, at=NOW, actor_id=9, actor_role=Role.DOCTOR, action="READ", resource="scan", resource_id=1
)
NOTE = clinical_notes.write_note(id=5, patient_id=3, author_id=9, text=Findings("x", "y"), now=NOW)


def add_scan() -> None:
    task = tasks.create(2, 1, 3, NOW)
    scan = Scan(
        id=1,
        patient_id=3,
        uploaded_by=3,
        task_id=2,
        object_key=task.object_key,
        scan_type=None,
        status=task.status,
        created_at=NOW,
        reading=READ,
    )
    ScanStore(SCANS).add(scan, task)


def add_reading() -> None:
    add_scan()
    ScanStore(SCANS).set_reading(1, READ)


def add_note() -> None:
    record_store(CLINIC).add(NOTE)


def amend_note() -> None:
    add_note()
    record_store(CLINIC).amend(NOTE, _amended("z"))


def _amended(text: str) -> clinical_notes.Note[Findings]:
    return clinical_notes.amend_note(note=NOTE, version=1, text=Findings(text, text), by=9, now=NOW)


def add_question() -> None:
    question = Question(id=6, patient_id=3, doctor_id=None, text="Why?", created_at=NOW, updated_at=NOW)
    QuestionStore(CLINIC).add(question)


def log_look() -> None:
    add_link(CareLink(3, 9, NOW))
    assert CareStore(CLINIC).log(ENTRY, Grant(3, 9, Relation.CARE_LINK))


def log_alone() -> None:
    assert CareStore(CLINIC).log(ENTRY, None)


def log_glass() -> None:
    store, rates = CareStore(CLINIC), GlassRateStore(CLINIC, 10)
    store.break_glass(Glass(3, 9, "Unconscious at the door", NOW), ENTRY, rates, NotificationStore(SCANS))


APPENDS: dict[Callable[[], None], set[str]] = {
    add_scan: {keys.SCAN, keys.TASK, keys.READING_PREFIX},
    add_reading: {keys.READING_PREFIX},
    add_note: {keys.RECORD},
    amend_note: {keys.VERSION_PREFIX},
    add_question: {keys.QUESTION},
    log_look: {"ACCESS#"},
    log_alone: {"ACCESS#"},
    log_glass: {"ACCESS#"},
}


@contextmanager
def kept_puts() -> Iterator[list[dict[str, Any]]]:
    """Provide the puts that reach DynamoDB from now on, alone or in transactions."""
    events, puts = connection().client.meta.events, list[dict[str, Any]]()

    def keep(params: dict[str, Any], **_: Any) -> None:
        puts.extend(action["Put"] for action in params.get("TransactItems", [{"Put": params}]) if "Put" in action)

    operations = [f"provide-client-params.dynamodb.{name}" for name in ("TransactWriteItems", "PutItem")]
    for operation in operations:
        events.register(operation, keep)
    try:
        yield puts
    finally:
        for operation in operations:
            events.unregister(operation, keep)


@pytest.mark.parametrize("append", APPENDS, ids=lambda append: append.__name__)
def test_what_is_added_is_put_on_the_condition_that_nothing_is_there(append: Callable[[], None]) -> None:
    with kept_puts() as puts:
        append()
    for kind in APPENDS[append]:
        conditions = [put.get("ConditionExpression") or "" for put in puts if _is_of(kind, put["Item"])]
        assert conditions, kind
        assert all("attribute_not_exists" in condition for condition in conditions), kind


def _is_of(kind: str, item: dict[str, Any]) -> bool:
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    return sk == kind or (kind.endswith("#") and (pk.startswith(kind) or sk.startswith(kind)))


def test_of_two_who_amend_a_version_of_a_note_one_wins() -> None:
    store = record_store(CLINIC)
    store.add(NOTE)
    store.amend(NOTE, _amended("first"))
    with pytest.raises(Conflict):
        store.amend(NOTE, _amended("second"))
    assert store.get(5) == _amended("first")


def test_of_two_who_write_over_a_version_of_a_sheet_one_wins() -> None:
    store = ChartStore(CLINIC)
    first = patient_chart.next_version(patient_chart.first_version(3, 9, NOW), 9, {"name": "Ada"}, NOW)
    for before, after in ((None, first), (first, replace(first, version=2))):
        store.write(before, after)
        with pytest.raises(Conflict):
            store.write(before, replace(after, name="Somebody else"))
        assert store.get(3) == after
