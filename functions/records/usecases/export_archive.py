"""The archive that a person takes along: a ZIP with one JSON file for each kind of thing, and the images.

It is packed in slices, each by a call of its own: one leaves a checkpoint behind the last file that it packed and
queues the next. A call that dies is followed by one that goes on from the checkpoint before. Who packs is written with
the export, so that of two calls at once only the later one gets any further.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import uuid4

from functions.records.usecases.personal_data import SLICE, PersonalDataDeps
from scanward.domain import personal_data
from scanward.domain.accounts import Account
from scanward.domain.object_keys import checkpoint_key, checkpoint_prefix, derived_prefix, export_key
from scanward.domain.orders import Order
from scanward.domain.pagination import ListPage, PageRange
from scanward.domain.personal_data import Export
from scanward.domain.scans import Scan
from scanward.errors import Conflict, NotAuthenticated
from scanward.stores.archives import Archive, ArchiveLost
from scanward.stores.personal_data import TextHistory
from scanward.stores.queues import RequestKind

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
        "care_links": lambda: _links(deps, account),
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


def _links(deps: PersonalDataDeps, account: Account) -> Iterator[object]:
    """Yield whom the account let in, and who let it in: nobody, as in every list, where it was refused."""
    now = deps.now()
    lists = [deps.links.of_patient] if account.is_refused else [deps.links.of_patient, deps.links.of_professional]
    for list_links in lists:
        before = None
        while True:
            page = list_links(account.id, now, PageRange(0, PAGE, before, is_consistent=True))
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
PICTURE = "picture/"
IMAGES = "images/"


def write_archive(deps: PersonalDataDeps, account_id: int) -> str:
    """Pack a slice of the account's export unless it is packed already, or given up. What was done, for a log."""
    before, credentials = deps.exports.get(account_id), deps.accounts.get(account_id)
    if before is None or before.is_over or credentials is None:
        return "nothing to pack"
    export = personal_data.begin_packing(before, uuid4().hex, deps.now())
    try:
        deps.exports.take(before, export)
        if before.packer and deps.objects.exists(export_key(account_id, export.id)):
            return _complete(deps, export)  # it died between the archive and this
        return _write_slice(deps, credentials.account, export)
    except Conflict:
        _clear_away(deps, export)
        return "replaced, erased or taken over meanwhile"


def _write_slice(deps: PersonalDataDeps, account: Account, export: Export) -> str:
    until, start = deps.now() + SLICE, export
    checkpoint = checkpoint_key(account.id, export.id, export.checkpoint) if export.checkpoint else None
    try:
        with deps.archives.writing(export_key(account.id, export.id), checkpoint) as archive:
            for progress in _write_files(deps, account, archive):
                if progress > export.progress:
                    export = _advance(deps, export, progress)
                if deps.now() > until:
                    return _leave_off(deps, archive, export)
            archive.finish()
    except ArchiveLost:
        # Not queued anew but failed, so that it is tried five times at most.
        deps.exports.update(personal_data.restart_packing(start, deps.now()))
        _drop_parts(deps, start)
        raise
    return _complete(deps, export)


def _leave_off(deps: PersonalDataDeps, archive: Archive, export: Export) -> str:
    """Have the next call go on from here. One that dies behind the checkpoint is done again, and goes on from it."""
    after = personal_data.leave_packing(export, deps.now())
    archive.save(_own_checkpoint(export))
    deps.exports.update(after)
    if export.checkpoint:
        deps.purger.purge_key(checkpoint_key(export.account_id, export.id, export.checkpoint))
    deps.queue.enqueue(RequestKind.EXPORT, export.account_id)
    return "packed in part"


def _complete(deps: PersonalDataDeps, export: Export) -> str:
    """Remove what calls left that died or were overtaken, before the archive is ready: nobody looks for it later."""
    _drop_parts(deps, export)
    deps.exports.update(personal_data.complete_export(export, deps.now()))
    return "packed"


def _clear_away(deps: PersonalDataDeps, export: Export) -> None:
    """Leave nothing of an export that is nobody's any more; of one that another call packs, no checkpoint of ours.

    Unless that call goes on from ours: an answer that is lost may hide that ours counted.
    """
    current = deps.exports.get(export.account_id)
    if current is None or current.id != export.id:
        _drop_parts(deps, export)
        deps.purger.purge_key(export_key(export.account_id, export.id))
    elif current.checkpoint != export.packer:
        deps.purger.purge_key(_own_checkpoint(export))


def _drop_parts(deps: PersonalDataDeps, export: Export) -> None:
    deps.archives.abandon_all(export_key(export.account_id, export.id))
    deps.purger.purge(checkpoint_prefix(export.account_id, export.id))


def _own_checkpoint(export: Export) -> str:
    return checkpoint_key(export.account_id, export.id, export.packer or "")


def _write_files(deps: PersonalDataDeps, account: Account, archive: Archive) -> Iterator[int]:
    """Yield how many percent are packed, behind each file that is packed now."""
    yield from _write_texts(deps, account, archive)
    yield from _write_images(deps, account.id, archive)


def _write_texts(deps: PersonalDataDeps, account: Account, archive: Archive) -> Iterator[int]:
    kinds = export_contents(deps, account)
    for number, (name, values) in enumerate(kinds.items(), 1):
        if f"{name}.json" not in archive.names:
            archive.add(f"{name}.json", _pieces(values()))
            yield TEXTS_DONE * number // len(kinds)
    if account.profile.image and not any(name.startswith(PICTURE) for name in archive.names):
        archive.add_object(f"{PICTURE}{_last(account.profile.image)}", account.profile.image)
        yield TEXTS_DONE


def _write_images(deps: PersonalDataDeps, account_id: int, archive: Archive) -> Iterator[int]:
    """Go on with the scan in which the last call left off: they are packed from the newest to the oldest."""
    names = (name.split("/") for name in archive.names if name.startswith(IMAGES))
    at_work = min((int(parts[1]) for parts in names), default=None)
    ids = scan_ids(deps, account_id)
    rest = [number for number in ids if at_work is None or number <= at_work]
    for begin in range(0, len(rest), PAGE):
        for place, scan in enumerate(deps.lists.scans(rest[begin : begin + PAGE]), len(ids) - len(rest) + begin + 1):
            for _ in _write_scan(deps, scan, archive):
                yield TEXTS_DONE + (99 - TEXTS_DONE) * place // len(ids)


def _write_scan(deps: PersonalDataDeps, scan: Scan, archive: Archive) -> Iterator[None]:
    folder, prefix = f"{IMAGES}{scan.id}", derived_prefix(scan.id)
    if f"{folder}/original" not in archive.names:
        archive.add_object(f"{folder}/original", scan.object_key, scan.object_version)
        yield
    for key in deps.objects.list_keys(prefix):
        name = f"{folder}/{key.removeprefix(prefix)}"
        if name not in archive.names:
            archive.add_object(name, key)
            yield


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
