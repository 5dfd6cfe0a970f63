"""Packing what somebody takes along of their own: a ZIP of one JSON file for each kind of thing, and the images."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import date

from functions.records.usecases import belongings
from functions.records.usecases.own_data import OwnData
from scanward.domain import own_data
from scanward.domain.accounts import Account
from scanward.domain.own_data import Export
from scanward.domain.places import derived_prefix, export_key
from scanward.domain.scans import Scan
from scanward.errors import Conflict
from scanward.stores.archives import Archive

TEXTS_DONE = 40  # percent, once all but the images is packed


def pack(own: OwnData, account_id: int) -> str:
    """Packs the account's export unless it is packed already, or given up. What was done, in words for a log."""
    export, found = own.exports.get(account_id), own.accounts.get(account_id)
    if export is None or export.is_over or found is None:
        return "nothing to pack"
    try:
        with own.archives.writing(export_key(account_id, export.id)) as archive:
            export = _pack_texts(own, found.account, archive, export)
            export = _pack_images(own, account_id, archive, export)
        own.exports.move(own_data.complete(export, own.now()))
    except Conflict:
        return "replaced or erased meanwhile"
    return "packed"


def _pack_texts(own: OwnData, account: Account, archive: Archive, export: Export) -> Export:
    kinds = belongings.kinds(own, account)
    for done, (name, values) in enumerate(kinds.items(), 1):
        archive.add(f"{name}.json", _pieces(values()))
        export = _advance(own, export, TEXTS_DONE * done // len(kinds))
    if account.profile.image:
        archive.add_object(f"picture/{_last(account.profile.image)}", account.profile.image)
    return export


def _pack_images(own: OwnData, account_id: int, archive: Archive, export: Export) -> Export:
    many = len(belongings.scan_ids(own, account_id))
    for done, scan in enumerate(belongings.scans(own, account_id), 1):
        _pack_scan(own, scan, archive)
        share = (99 - TEXTS_DONE) * done // max(done, many)
        if TEXTS_DONE + share > export.progress:
            export = _advance(own, export, TEXTS_DONE + share)
    return export


def _pack_scan(own: OwnData, scan: Scan, archive: Archive) -> None:
    folder = f"images/{scan.id}"
    archive.add_object(f"{folder}/original", scan.object_key, scan.object_version)
    prefix = derived_prefix(scan.id)
    for key in own.objects.under(prefix):
        archive.add_object(f"{folder}/{key.removeprefix(prefix)}", key)


def _advance(own: OwnData, export: Export, progress: int) -> Export:
    after = own_data.advance(export, progress, own.now())
    own.exports.move(after)
    return after


def _pieces(values: Iterable[object]) -> Iterator[bytes]:
    """A JSON list, one value at a time."""
    between = "[\n"
    for value in values:
        yield (between + json.dumps(_plain(value), default=_spelled, ensure_ascii=False)).encode()
        between = ",\n"
    yield b"\n]\n" if between == ",\n" else b"[]\n"


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _spelled(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError("this cannot be packed")


def _last(key: str) -> str:
    return key.rpartition("/")[2]
