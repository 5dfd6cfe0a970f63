"""A page of a list costs the same with a hundred things behind it and with thousands."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pynamodb.models import Model

from scanward.domain import clinical_notes
from scanward.domain.clinical_notes import Findings, Surgery
from scanward.domain.departments import Department, Membership
from scanward.domain.ids import EPOCH_MS
from scanward.domain.pagination import PageRange
from scanward.domain.questions import Question
from scanward.stores import keys
from scanward.stores.clinical_notes import HISTORIES, RECORDS, history_store, note_entries, note_item, record_store
from scanward.stores.departments import (
    DepartmentStore,
    MembershipStore,
    department_entry,
    department_item,
    patient_entry,
)
from scanward.stores.dynamo import bind_table
from scanward.stores.lists import ListEntry, ListStore
from scanward.stores.questions import QuestionStore, question_entries, question_item
from tests.support.cloud import TABLES
from tests.support.read_units import Units, counted

SIZES = (100, 1_000, 10_000) if os.environ.get("SCANWARD_FAULTS") == "full" else (100, 1_000)
BEGAN = datetime(2026, 5, 8, tzinfo=UTC)
CLINIC = TABLES["CLINIC_TABLE"]
PATIENT, DOCTOR, WARD = 1, 2, 3
TEXT = "x" * 200
Read = Callable[[PageRange], object]


def spelled(number: int) -> int:
    """Return an id of the usual length; many of one second are spread over all shards."""
    return (int(BEGAN.timestamp() * 1000) - EPOCH_MS << 12) + number


def things(kind: str, number: int) -> list[Model]:
    """Return the items of one thing, whose number is `number`."""
    id, now = spelled(number), BEGAN + timedelta(seconds=number)
    if kind in {"pool", "thread"}:
        question = Question(
            id=id,
            patient_id=PATIENT,
            doctor_id=DOCTOR if kind == "thread" else None,
            text=TEXT,
            created_at=now,
            updated_at=now,
        )
        return [question_item(question), *question_entries(question)]
    if kind == "ward records":
        record = clinical_notes.write_note(
            id=id, patient_id=PATIENT, author_id=DOCTOR, text=Findings(TEXT, TEXT), now=now, departments=(WARD,)
        )
        return [note_item(RECORDS, record), *note_entries(RECORDS, record)]
    if kind == "histories":
        history = clinical_notes.write_note(
            id=id, patient_id=PATIENT, author_id=DOCTOR, text=Surgery("x", TEXT), now=now
        )
        return [note_item(HISTORIES, history), *note_entries(HISTORIES, history)]
    if kind == "departments":
        department = Department(id, "x", now)
        return [department_item(department), department_entry(department)]
    return [patient_entry(Membership(id, WARD, now))]


def reader(kind: str) -> Read:
    """Return how a page of the list is read, as its use-case does."""
    asked, records, histories = QuestionStore(CLINIC), record_store(CLINIC), history_store(CLINIC)
    wards, members = DepartmentStore(CLINIC), MembershipStore(CLINIC, TABLES["ACCOUNTS_TABLE"])
    readers: dict[str, Read] = {
        "pool": lambda part: asked.get_many(asked.pending(DOCTOR, part).items),
        "thread": lambda part: asked.get_many(asked.thread(DOCTOR, PATIENT, part).items),
        "ward records": lambda part: records.get_many(records.in_departments([WARD], part).items),
        "histories": lambda part: histories.get_many(histories.of_patient(PATIENT, part).items),
        "departments": lambda part: wards.get_many(wards.list_open(part).items),
        "patients": lambda part: members.patients_in(WARD, BEGAN, part),
        "own patients": lambda part: members.patients_of(DOCTOR, [WARD], BEGAN, part),
    }
    return readers[kind]


def cost(read: Read, part: PageRange) -> Units:
    with counted() as units:
        assert read(part)
    return units


@pytest.mark.parametrize(
    "kind",
    [
        "pool",
        "thread",
        "ward records",
        "histories",
        "departments",
        "patients",
        "own patients",
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_page_costs_the_same_however_long_the_list(kind: str) -> None:
    read, made, seen = reader(kind), 0, list[tuple[Units, Units]]()
    bind_table(ListEntry, CLINIC)
    for size in SIZES:
        for number in range(made, size):
            for item in things(kind, number):
                item.save()
        made = size
        place = keys.time_position(keys.by_time(int((BEGAN + timedelta(seconds=60)).timestamp() * 1000), spelled(60)))
        before = place if "patients" in kind else spelled(60)
        seen.append((cost(read, PageRange(0, 10)), cost(read, PageRange(0, 10, before))))
    assert all(first == seen[0][0] and later == seen[0][1] for first, later in seen)
    assert set(seen[0][0].calls) <= {"Query", "BatchGetItem"}
    assert seen[0][0].items <= 8 * 11 + 11 + 10


@pytest.mark.usefixtures("aws")
def test_skipping_is_bounded_by_what_is_skipped() -> None:
    bind_table(ListEntry, CLINIC)
    for number in range(60):
        ListEntry("LIST", keys.sortable(number)).save()
    lists = ListStore(CLINIC)
    with counted() as units:
        found = lists.by_id(["LIST"], PageRange(20, 10))
    assert (list(found.items), found.last) == (list(range(39, 29, -1)), 30)
    assert units == Units(["Query"], 31, units.kilobytes)
