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


def read_export(deps: RecordDeps, actor: Actor) -> ExportLink:
    """Return where the caller's export is; the first look has it packed, as has one after a failure."""
    export = deps.exports.get(actor.account_id)
    if export is None or not export.stands(deps.now()):
        export = _request(deps, actor, export)
    return _export_link(deps, export)


def request_export(deps: RecordDeps, actor: Actor) -> ExportLink:
    """Have a newer export packed, unless one is being packed or was so just now."""
    export = deps.exports.get(actor.account_id)
    if export is None or export.is_replaceable(deps.now()):
        export = _request(deps, actor, export)
    return _export_link(deps, export)


def _request(deps: RecordDeps, actor: Actor, before: Export | None) -> Export:
    now = deps.now()
    export = personal_data.request_export(actor.account_id, deps.fresh_id(now), now)
    try:
        deps.exports.begin(before, export)
        return _enqueue(deps, export)
    except Conflict as error:
        current = deps.exports.get(actor.account_id)
        if current is None:
            raise Unavailable from error
        return current


def _enqueue(deps: RecordDeps, export: Export) -> Export:
    """Tell the packer; it FAILED when that cannot be told. Raises Conflict when it was told all the same."""
    try:
        deps.personal_data.enqueue(RequestKind.EXPORT, export.account_id)
    except Unavailable:
        export = personal_data.fail_export(export, deps.now())
        deps.exports.give_up(export)
    return export


def _export_link(deps: RecordDeps, export: Export) -> ExportLink:
    key = export_key(export.account_id, export.id)
    return ExportLink(
        export, deps.objects.link(key, None, LINK_SECONDS, "application/zip") if export.is_ready else None
    )
