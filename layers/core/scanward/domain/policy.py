"""Who may do what: (actor, action, facts about the resource) → yes or no. Nothing here reads or writes."""

from dataclasses import dataclass
from enum import StrEnum

from scanward.domain.accounts import PROFESSIONALS, Actor


class Action(StrEnum):
    """What somebody wants to do."""

    UPLOAD_SCAN = "UPLOAD_SCAN"
    READ_SCAN = "READ_SCAN"
    READ_TASK = "READ_TASK"


@dataclass(frozen=True, slots=True)
class Resource:
    """The facts that decide. `patient_id` is whose data it is."""

    patient_id: int


def allows(actor: Actor, action: Action, resource: Resource) -> bool:
    """Whether `actor` may do `action` to `resource`.

    An administrator sees all; others their own. A professional who is not approved uploads nothing.
    """
    if actor.is_admin:
        return True
    if action is Action.UPLOAD_SCAN and actor.role in PROFESSIONALS and not actor.is_approved:
        return False
    return actor.account_id == resource.patient_id
