"""What people take along of their own: asking for it, and where it is."""

from dataclasses import dataclass

from functions.records.usecases.dependencies import Clinic
from scanward.domain import personal_data
from scanward.domain.accounts import Actor
from scanward.domain.object_keys import export_key
from scanward.domain.personal_data import Export
from scanward.errors import Conflict, Unavailable
from scanward.stores.queues import Wish

LINK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Ready:
    """An export, and an address that gives it for five minutes once it is packed."""

    export: Export
    url: str | None


def look(clinic: Clinic, actor: Actor) -> Ready:
    """Where the caller's export is; the first look has it packed, as has one after a failure."""
    found = clinic.exports.get(actor.account_id)
    if found is None or not found.stands(clinic.now()):
        found = _ask(clinic, actor, found)
    return _ready(clinic, found)


def ask(clinic: Clinic, actor: Actor) -> Ready:
    """Has a newer export packed, unless one is being packed or was so just now."""
    found = clinic.exports.get(actor.account_id)
    if found is None or found.is_replaceable(clinic.now()):
        found = _ask(clinic, actor, found)
    return _ready(clinic, found)


def _ask(clinic: Clinic, actor: Actor, before: Export | None) -> Export:
    now = clinic.now()
    export = personal_data.ask(actor.account_id, clinic.fresh_id(now), now)
    try:
        clinic.exports.ask(before, export)
        return _begun(clinic, export)
    except Conflict as lost:
        found = clinic.exports.get(actor.account_id)
        if found is None:
            raise Unavailable from lost
        return found


def _begun(clinic: Clinic, export: Export) -> Export:
    """Tells the packer; it FAILED when that cannot be told. Raises Conflict when it was told all the same."""
    try:
        clinic.own_data.ask(Wish.EXPORT, export.account_id)
    except Unavailable:
        export = personal_data.fail(export, clinic.now())
        clinic.exports.give_up(export)
    return export


def _ready(clinic: Clinic, export: Export) -> Ready:
    key = export_key(export.account_id, export.id)
    return Ready(export, clinic.objects.link(key, None, LINK_SECONDS, "application/zip") if export.is_ready else None)
