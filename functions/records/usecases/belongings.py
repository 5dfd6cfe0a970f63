"""All that is kept of a person, kind by kind, read from end to end: what they take along."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from functions.records.usecases.own_data import OwnData
from scanward.domain.accounts import Account
from scanward.domain.scans import Scan
from scanward.errors import NotAuthenticated
from scanward.stores.clinic_lists import Part

PAGE = 50


def kinds(own: OwnData, account: Account) -> dict[str, Callable[[], Iterable[object]]]:
    """The name of each file, and what it holds. Secrets are in none."""
    number = account.id
    return {
        "account": lambda: [account],
        "sessions": lambda: _sessions(own, number),
        "scans": lambda: scans(own, number),
        "readings": lambda: _readings(own, number),
        "tasks": lambda: _tasks(own, number),
        "care_links": lambda: _links(own, number),
        "departments": lambda: own.members.of_patient(number),
        "works_in": lambda: sorted(own.members.departments([number]).get(number, ())),
        "sheet": lambda: own.sheets.versions(number),
        "patient_records": lambda: own.texts.records(number),
        "medical_histories": lambda: own.texts.histories(number),
        "questions": lambda: own.texts.questions(number),
        "access_log": lambda: _log(own, number),
    }


def _sessions(own: OwnData, account_id: int) -> list[dict[str, object]]:
    now = own.now()
    try:
        live = own.gate.sessions(account_id, int(now.timestamp()))
    except NotAuthenticated:  # removed meanwhile
        return []
    return [{"created_at": _time(one.created), "expires_at": _time(one.ends)} for one in live]


def scan_ids(own: OwnData, account_id: int) -> list[int]:
    """The ids of a person's scans."""
    return [number for ids in _pages(own.lists.scans_of, account_id) for number in ids]


def scans(own: OwnData, account_id: int) -> Iterator[Scan]:
    """A person's scans, the newest first."""
    for ids in _pages(own.lists.scans_of, account_id):
        yield from own.lists.scans(ids)


def _readings(own: OwnData, account_id: int) -> Iterator[object]:
    """All that doctors read in each scan; the scan's own is the newest."""
    for number in scan_ids(own, account_id):
        yield from ({"scan_id": number, **asdict(reading)} for reading in own.lists.readings_of(number))


def _tasks(own: OwnData, account_id: int) -> Iterator[object]:
    """Those about the account; what it asked for about others is theirs."""
    for ids in _pages(own.lists.tasks_of, account_id):
        yield from (task for task in own.lists.tasks(ids) if task.patient_id == account_id)


def _links(own: OwnData, account_id: int) -> Iterator[object]:
    """Whom the account let in, and who let it in."""
    now = own.now()
    for listed in (own.links.of_patient, own.links.of_professional):
        before = None
        while True:
            found = listed(account_id, now, Part(0, PAGE, before))
            yield from found.links
            before = found.last
            if before is None:
                break


def _log(own: OwnData, account_id: int) -> Iterator[object]:
    before = None
    while True:
        found = own.log.page(account_id, PAGE, before)
        yield from found.entries
        before = found.last
        if before is None:
            return


def _pages(page: Callable[[int, int, int | None], Any], account_id: int) -> Iterator[list[int]]:
    before = None
    while True:
        found = page(account_id, PAGE, before)
        yield list(found.ids)
        before = found.last
        if before is None:
            return


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()
