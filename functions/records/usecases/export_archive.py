"""The archive that a person takes along: a ZIP with one JSON file for each kind of thing, and the images."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from functions.records.usecases.personal_data import PersonalDataDeps
from scanward.domain import personal_data
from scanward.domain.accounts import Account
from scanward.domain.object_keys import derived_prefix, export_key
from scanward.domain.orders import Order
from scanward.domain.pagination import ListPage, PageRange
from scanward.domain.personal_data import Export
from scanward.domain.scans import Scan
from scanward.errors import Conflict, NotAuthenticated
from scanward.stores.archives import Archive
from scanward.stores.personal_data import TextHistory

PAGE = 50
T = TypeVar("T")


def export_contents(deps: PersonalDataDeps, account: Account) -> dict[str, Callable[[], Iterable[object]]]:
    """Return the name of each file, and what it holds. Secrets are in none."""
    number = account.id
    return {
        "account": lambda: [account],
        "sessions": lambda: _sessions(deps, number),
        "scans": lambda: scans(deps, number),
        "readings": lambda: _readings(deps, number),
        "tasks": lambda: _tasks(deps, number),
        "care_links": lambda: _links(deps, number),
        "departments": lambda: deps.members.of_patient(number),
        "works_in": lambda: sorted(deps.members.departments([number]).get(number, ())),
        "sheet": lambda: deps.charts.versions(number),
        "patient_records": lambda: deps.texts.records(number),
        "medical_histories": lambda: deps.texts.histories(number),
        "questions": lambda: deps.texts.questions(number),
        "access_log": lambda: _items(deps.access_log.page, number),
        "notifications": lambda: _items(deps.notifications.page, number),
    }


def _sessions(deps: PersonalDataDeps, account_id: int) -> list[dict[str, object]]:
    now = deps.now()
    try:
        live = deps.sessions.sessions(account_id, int(now.timestamp()))
    except NotAuthenticated:  # removed meanwhile
        return []
    return [{"created_at": _time(one.created_at), "expires_at": _time(one.ends)} for one in live]


def scan_ids(deps: PersonalDataDeps, account_id: int) -> list[int]:
    """Return the ids of a person's scans."""
    return [number for ids in _pages(deps.lists.scans_of, account_id) for number in ids]


def scans(deps: PersonalDataDeps, account_id: int) -> Iterator[Scan]:
    """Yield a person's scans, the newest first."""
    for ids in _pages(deps.lists.scans_of, account_id):
        yield from deps.lists.scans(ids)


def _readings(deps: PersonalDataDeps, account_id: int) -> Iterator[object]:
    """Yield all that doctors read in each scan; the scan's own is the newest."""
    for number in scan_ids(deps, account_id):
        yield from ({"scan_id": number, **asdict(reading)} for reading in deps.lists.readings_of(number))


def _tasks(deps: PersonalDataDeps, account_id: int) -> Iterator[object]:
    """Yield those about the account; what it asked for about others is theirs."""
    for ids in _pages(deps.lists.tasks_of, account_id):
        yield from (task for task in deps.lists.tasks(ids) if task.patient_id == account_id)


def _links(deps: PersonalDataDeps, account_id: int) -> Iterator[object]:
    """Yield whom the account let in, and who let it in."""
    now = deps.now()
    for list_links in (deps.links.of_patient, deps.links.of_professional):
        before = None
        while True:
            page = list_links(account_id, now, PageRange(0, PAGE, before, is_consistent=True))
            yield from page.items
            before = page.last
            if before is None:
                break


def _items(page: Callable[[int, PageRange], ListPage[T]], account_id: int) -> Iterator[T]:
    before = None
    while True:
        list_page = page(account_id, PageRange(0, PAGE, before, is_consistent=True))
        yield from list_page.items
        before = list_page.last
        if before is None:
            return


def _pages(page: Callable[[int, PageRange], ListPage[int]], account_id: int) -> Iterator[list[int]]:
    before = None
    while True:
        list_page = page(account_id, PageRange(0, PAGE, before, is_consistent=True))
        yield list(list_page.items)
        before = list_page.last
        if before is None:
            return


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


_SHOWN_NAMES: Mapping[type, Mapping[str, str]] = {
    Order: {"priority": "lane", "report_style": "reading"},
    Scan: {"description": "about"},
    TextHistory: {"current": "standing", "versions": "replaced"},
}
"""Fields that an export has always shown under other names than the code's."""

TEXTS_DONE = 40  # percent, once all but the images is packed


def write_archive(deps: PersonalDataDeps, account_id: int) -> str:
    """Pack the account's export unless it is packed already, or given up. What was done, in words for a log."""
    export, credentials = deps.exports.get(account_id), deps.accounts.get(account_id)
    if export is None or export.is_over or credentials is None:
        return "nothing to pack"
    try:
        with deps.archives.writing(export_key(account_id, export.id)) as archive:
            export = _write_texts(deps, credentials.account, archive, export)
            export = _write_images(deps, account_id, archive, export)
        deps.exports.update(personal_data.complete_export(export, deps.now()))
    except Conflict:
        return "replaced or erased meanwhile"
    return "packed"


def _write_texts(deps: PersonalDataDeps, account: Account, archive: Archive, export: Export) -> Export:
    kinds = export_contents(deps, account)
    for number, (name, values) in enumerate(kinds.items(), 1):
        archive.add(f"{name}.json", _pieces(values()))
        export = _advance(deps, export, TEXTS_DONE * number // len(kinds))
    if account.profile.image:
        archive.add_object(f"picture/{_last(account.profile.image)}", account.profile.image)
    return export


def _write_images(deps: PersonalDataDeps, account_id: int, archive: Archive, export: Export) -> Export:
    many = len(scan_ids(deps, account_id))
    for number, scan in enumerate(scans(deps, account_id), 1):
        _write_scan(deps, scan, archive)
        share = (99 - TEXTS_DONE) * number // max(number, many)
        if TEXTS_DONE + share > export.progress:
            export = _advance(deps, export, TEXTS_DONE + share)
    return export


def _write_scan(deps: PersonalDataDeps, scan: Scan, archive: Archive) -> None:
    folder = f"images/{scan.id}"
    archive.add_object(f"{folder}/original", scan.object_key, scan.object_version)
    prefix = derived_prefix(scan.id)
    for key in deps.objects.list_keys(prefix):
        archive.add_object(f"{folder}/{key.removeprefix(prefix)}", key)


def _advance(deps: PersonalDataDeps, export: Export, progress: int) -> Export:
    after = personal_data.advance_export(export, progress, deps.now())
    deps.exports.update(after)
    return after


def _pieces(values: Iterable[object]) -> Iterator[bytes]:
    """Yield a JSON list, one value at a time."""
    between = "[\n"
    for value in values:
        yield (between + json.dumps(_plain(value), default=_to_json, ensure_ascii=False)).encode()
        between = ",\n"
    yield b"\n]\n" if between == ",\n" else b"[]\n"


def _plain(value: object) -> object:
    """Return dataclasses as objects, however deep, under the names that an export shows to people."""
    if is_dataclass(value) and not isinstance(value, type):
        names = _SHOWN_NAMES.get(type(value), {})
        return {names.get(field.name, field.name): _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _to_json(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError("this cannot be packed")


def _last(key: str) -> str:
    return key.rpartition("/")[2]
