"""Lists of scans, tasks, readings, accounts, links and versions: a page costs the same whatever lies behind it."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pynamodb.models import Model

from scanward.domain import accounts, clinical_notes, tasks
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.care import CareLink
from scanward.domain.clinical_notes import Findings
from scanward.domain.departments import Department
from scanward.domain.pagination import PageRange
from scanward.domain.questions import Question
from scanward.domain.scans import Scan
from scanward.stores import keys
from scanward.stores.accounts import AccountStore, account_entries, profile_item
from scanward.stores.care import CareLinkStore, link_entries
from scanward.stores.clinical_notes import RECORDS, note_entries, note_item, record_store, version_item
from scanward.stores.departments import DepartmentStore, MembershipStore, department_item, doctor_entry
from scanward.stores.identity.account_lists import AccountFilters, AccountListStore
from scanward.stores.questions import QuestionStore, question_entries, question_item
from scanward.stores.scans import ListEntry, ReadingItem, ScanListStore, ScanStore, scan_item
from scanward.stores.tasks import task_item
from tests.support.cloud import TABLES
from tests.support.read_units import Units, counted

SIZES = (100, 1_000, 10_000) if os.environ.get("SCANWARD_FAULTS") == "full" else (100, 1_000)
BEGAN = datetime(2026, 5, 8, tzinfo=UTC)
CLINIC, SCANS, ACCOUNTS = TABLES["CLINIC_TABLE"], TABLES["SCANS_TABLE"], TABLES["ACCOUNTS_TABLE"]
ME, OTHER, THING = 1, 2, 3
PAGE = 10
FIRST = 10**14  # ids of the usual length, over all shards of a list
Make = Callable[[int, datetime], list[Model]]
Read = Callable[[int | None], object]


def scan(number: int, now: datetime) -> list[Model]:
    made = Scan(
        id=number,
        patient_id=ME,
        uploaded_by=ME,
        task_id=number,
        object_key="key",
        scan_type=None,
        status=tasks.TaskStatus.PENDING,
        created_at=now,
    )
    return [scan_item(made), ListEntry(keys.scans_of(ME), keys.sortable(number))]


def task(number: int, now: datetime) -> list[Model]:
    places = [ListEntry(keys.tasks_of(ME), keys.sortable(number)), ListEntry(keys.scan(THING), keys.analysis(number))]
    return [task_item(tasks.create(number, THING, ME, now)), *places]


def reading(number: int, now: datetime) -> list[Model]:
    at = int(now.timestamp() * 1000)
    return [
        ReadingItem(keys.scan(THING), keys.reading(at, f"{number:012x}"), text="x" * 200, doctor_id=OTHER, at_ms=at)
    ]


def account(number: int, now: datetime) -> list[Model]:
    person = accounts.register(
        id=number, role=Role.DOCTOR, names=Names(username=str(number)), profile=Profile(), now=now
    )
    return [profile_item(person, "no hash"), *account_entries(person)]


def links(patient: int | None, number: int, now: datetime) -> list[Model]:
    link = CareLink(ME, number, now) if patient else CareLink(number, ME, now)
    return list(link_entries(link))


def record(number: int, now: datetime) -> list[Model]:
    writing = clinical_notes.write_note(id=number, patient_id=ME, author_id=OTHER, text=Findings("x", "y"), now=now)
    return [note_item(RECORDS, writing), *note_entries(RECORDS, writing)]


def version(number: int, now: datetime) -> list[Model]:
    writing = replace(
        clinical_notes.write_note(id=THING, patient_id=ME, author_id=OTHER, text=Findings("x", "y"), now=now),
        version=number - FIRST + 1,
    )
    return [version_item(RECORDS, writing)]


def question(number: int, now: datetime) -> list[Model]:
    asked = Question(id=number, patient_id=ME, doctor_id=None, text="Why?", created_at=now, updated_at=now)
    return [question_item(asked), *question_entries(asked)]


def works(number: int, now: datetime) -> list[Model]:
    return [department_item(Department(THING, "x", now)), doctor_entry(THING, number)]


def lists() -> dict[str, tuple[Make, Read]]:
    """Return what lies in each list, and how a page of it is read, from the newest on or behind one."""
    scans, care, asked, records = (
        ScanListStore(SCANS),
        CareLinkStore(CLINIC),
        QuestionStore(CLINIC),
        record_store(CLINIC),
    )
    members, people = MembershipStore(CLINIC, ACCOUNTS), AccountListStore(ACCOUNTS, AccountStore(ACCOUNTS))
    later = BEGAN + timedelta(days=1)
    ScanStore(SCANS), DepartmentStore(CLINIC)  # which bind their items
    return {
        "scans": (scan, lambda before: scans.scans(scans.scans_of(ME, PageRange(0, PAGE, before)).items)),
        "tasks": (task, lambda before: scans.tasks(scans.tasks_of(ME, PageRange(0, PAGE, before)).items)),
        "analyses": (task, lambda _: scans.tasks(scans.analyses_of(THING, PAGE))),
        "readings": (reading, lambda _: scans.readings_of(THING, PAGE)),
        "accounts": (
            account,
            lambda before: people.page(AccountFilters(Role.DOCTOR), part(before)).items,
        ),
        "who was let in": (partial(links, ME), lambda before: care.of_patient(ME, later, part(before)).items),
        "who let in": (partial(links, None), lambda before: care.of_professional(ME, later, part(before)).items),
        "records": (record, lambda before: records.get_many(records.of_patient(ME, part(before)).items)),
        "versions": (version, lambda before: records.versions(THING, part(before and 60)).items),
        "questions": (question, lambda before: asked.get_many(asked.of_patient(ME, part(before)).items)),
        "doctors": (works, lambda before: members.doctors_in(THING, part(before)).items),
    }


def part(before: int | None) -> PageRange:
    return PageRange(0, PAGE, before)


def cost(read: Read, before: int | None) -> Units:
    with counted() as units:
        assert read(before)
    return units


NAMES = ("scans", "tasks", "analyses", "readings", "accounts", "who was let in", "who let in", "records", "versions")


@pytest.mark.parametrize("name", [*NAMES, "questions", "doctors"])
@pytest.mark.usefixtures("aws")
def test_a_page_costs_the_same_however_long_the_list(name: str) -> None:
    (make, read), made, seen = lists()[name], 0, list[tuple[Units, Units]]()
    for size in SIZES:
        for number in range(made, size):
            for item in make(FIRST + number, BEGAN + timedelta(seconds=number)):
                item.save()
        made = size
        behind = FIRST + 60
        if name.startswith("who"):
            behind = keys.time_position(
                keys.by_time(int((BEGAN + timedelta(seconds=60)).timestamp() * 1000), FIRST + 60)
            )
        seen.append((cost(read, None), cost(read, behind)))
    assert all(costs == seen[0] for costs in seen)
    assert set(seen[0][0].calls) <= {"Query", "BatchGetItem"}
    assert seen[0][0].items <= keys.LIST_SHARDS * (PAGE + 1) + PAGE


def test_every_list_of_the_stores_is_measured() -> None:
    assert {*NAMES, "questions", "doctors"} == lists().keys()
