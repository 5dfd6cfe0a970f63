"""What people take along of their own: asking for it, and where it is."""

from dataclasses import dataclass

from functions.records.usecases.dependencies import RecordDeps
from scanward.domain import personal_data
from scanward.domain.accounts import Actor
from scanward.domain.object_keys import export_key
from scanward.domain.personal_data import Export
from scanward.errors import Conflict, Unavailable
from scanward.stores.queues import RequestKind

LINK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class ExportLink:
    """An export, and an address that gives it for five minutes once it is packed."""

    export: Export
    url: str | None


def read_export(clinic: RecordDeps, actor: Actor) -> ExportLink:
    """Where the caller's export is; the first look has it packed, as has one after a failure."""
    found = clinic.exports.get(actor.account_id)
    if found is None or not found.stands(clinic.now()):
        found = _request(clinic, actor, found)
    return _export_link(clinic, found)


def request_export(clinic: RecordDeps, actor: Actor) -> ExportLink:
    """Has a newer export packed, unless one is being packed or was so just now."""
    found = clinic.exports.get(actor.account_id)
    if found is None or found.is_replaceable(clinic.now()):
        found = _request(clinic, actor, found)
    return _export_link(clinic, found)


def _request(clinic: RecordDeps, actor: Actor, before: Export | None) -> Export:
    now = clinic.now()
    export = personal_data.request_export(actor.account_id, clinic.fresh_id(now), now)
    try:
        clinic.exports.begin(before, export)
        return _enqueue(clinic, export)
    except Conflict as lost:
        found = clinic.exports.get(actor.account_id)
        if found is None:
            raise Unavailable from lost
        return found


def _enqueue(clinic: RecordDeps, export: Export) -> Export:
    """Tells the packer; it FAILED when that cannot be told. Raises Conflict when it was told all the same."""
    try:
        clinic.personal_data.enqueue(RequestKind.EXPORT, export.account_id)
    except Unavailable:
        export = personal_data.fail_export(export, clinic.now())
        clinic.exports.give_up(export)
    return export


def _export_link(clinic: RecordDeps, export: Export) -> ExportLink:
    key = export_key(export.account_id, export.id)
    return ExportLink(
        export, clinic.objects.link(key, None, LINK_SECONDS, "application/zip") if export.is_ready else None
    )
