"""The operations that patients have had."""

from collections.abc import Sequence
from datetime import datetime

from functions.records.usecases.creating import create
from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.lists import cursor, part
from functions.records.usecases.people import require_known
from scanward.domain import writings
from scanward.domain.accounts import Actor
from scanward.domain.histories import History, Surgery
from scanward.domain.ids import parse_id
from scanward.domain.once import Once
from scanward.domain.policy import Action
from scanward.domain.windows import Window
from scanward.errors import NotFound
from scanward.security.access import Thing
from scanward.stores.writing_items import Replaced

KIND = "medical_history"


def of_patient(clinic: Clinic, actor: Actor, patient: str, window: Window) -> tuple[Sequence[History], str | None]:
    """Part of a patient's history, what was written last first. Raises NotFound, NotAllowed."""
    patient_id = parse_id(patient)
    require_known(clinic, actor, patient_id)
    clinic.access.require(actor, Action.READ_HISTORY, patient_id, Thing("patient", patient_id))
    scope = f"histories-of:{patient_id}"
    found = clinic.histories.of_patient(patient_id, part(clinic, window, scope))
    return clinic.histories.many(found.ids), cursor(clinic, found.last, scope)


def replaced(
    clinic: Clinic, actor: Actor, history: str, window: Window
) -> tuple[Sequence[Replaced[Surgery]], str | None]:
    """Part of what amendments of an entry replaced, the newest first. Raises NotFound, NotAllowed."""
    number = _reach(clinic, actor, Action.READ_HISTORY, parse_id(history)).id
    scope = f"history-versions-of:{number}"
    found = clinic.histories.replaced(number, part(clinic, window, scope))
    return found.versions, cursor(clinic, found.last, scope)


def write(clinic: Clinic, actor: Actor, patient_id: int, text: Surgery, once: Once | None) -> History:
    """A new entry of a patient's history. Raises NotFound for a stranger, NotAllowed, KeyReused."""

    def make(number: int, now: datetime) -> History:
        clinic.access.require(actor, Action.WRITE_HISTORY, patient_id, Thing(KIND, number))
        history = writings.write(number, patient_id, actor.account_id, text, now)
        clinic.histories.add(history, once)
        return history

    return create(clinic, once, make, lambda number: _reach(clinic, actor, Action.READ_HISTORY, number))


def amend(clinic: Clinic, actor: Actor, history: str, version: int, text: Surgery) -> History:
    """Writes over a version, which is kept. Raises NotFound, NotAllowed, and Conflict when it has moved on."""
    before = _reach(clinic, actor, Action.WRITE_HISTORY, parse_id(history))
    after = writings.amend(before, version, text, actor.account_id, clinic.now())
    clinic.histories.amend(before, after)
    return after


def _reach(clinic: Clinic, actor: Actor, action: Action, number: int) -> History:
    found = clinic.histories.get(number)
    if found is None:
        raise NotFound
    clinic.access.require(actor, action, found.patient_id, Thing(KIND, found.id))
    return found
