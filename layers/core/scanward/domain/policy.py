"""Who may do what: (actor, action, facts about the resource) → yes or no. Nothing here reads or writes."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from scanward.domain.accounts import PROFESSIONALS, Actor, Role


class Action(StrEnum):
    """What a caller wants to do with a patient's data."""

    READ_SCAN = "READ_SCAN"
    READ_TASK = "READ_TASK"
    UPLOAD_SCAN = "UPLOAD_SCAN"
    ANALYSE_SCAN = "ANALYSE_SCAN"
    CANCEL_TASK = "CANCEL_TASK"
    DELETE_SCAN = "DELETE_SCAN"
    READ_READING = "READ_READING"
    WRITE_READING = "WRITE_READING"
    READ_PATIENT = "READ_PATIENT"
    WRITE_PATIENT = "WRITE_PATIENT"
    READ_DIAGNOSIS = "READ_DIAGNOSIS"
    WRITE_DIAGNOSIS = "WRITE_DIAGNOSIS"
    CONNECT = "CONNECT"
    WITHDRAW = "WITHDRAW"
    READ_OWN_ACCESS = "READ_OWN_ACCESS"
    BREAK_GLASS = "BREAK_GLASS"
    READ_ACCESS_LOG = "READ_ACCESS_LOG"
    READ_RECORD = "READ_RECORD"
    WRITE_RECORD = "WRITE_RECORD"
    READ_HISTORY = "READ_HISTORY"
    WRITE_HISTORY = "WRITE_HISTORY"
    ASK_QUESTION = "ASK_QUESTION"
    READ_QUESTION = "READ_QUESTION"
    ANSWER_QUESTION = "ANSWER_QUESTION"
    WITHDRAW_QUESTION = "WITHDRAW_QUESTION"
    ADMIT_PATIENT = "ADMIT_PATIENT"
    DISCHARGE_PATIENT = "DISCHARGE_PATIENT"
    ASSIGN_DOCTOR = "ASSIGN_DOCTOR"
    DISMISS_DOCTOR = "DISMISS_DOCTOR"
    READ_ACCOUNT = "READ_ACCOUNT"
    CHANGE_ACCOUNT = "CHANGE_ACCOUNT"


class Relation(StrEnum):
    """What an actor is to a patient: themselves, let in by them, of a department that they are in, or nothing.

    BREAK_GLASS: a doctor without a link, who gave a reason to look all the same. It opens reads alone.
    ASKED: a doctor whom the patient's question went to, alone or among all. It opens that question and nothing else.
    """

    SELF = "SELF"
    CARE_LINK = "CARE_LINK"
    DEPARTMENT = "DEPARTMENT"
    BREAK_GLASS = "BREAK_GLASS"
    ASKED = "ASKED"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Resource:
    """The facts that decide. `patient_id` is whose data it is; `relation` what the actor is to that patient."""

    patient_id: int
    relation: Relation = Relation.NONE


Rule = MappingProxyType[Role, frozenset[Relation]]

_SELF = frozenset({Relation.SELF})
_LINK_RELATIONS = frozenset({Relation.SELF, Relation.CARE_LINK})
_CARING = frozenset({Relation.SELF, Relation.CARE_LINK, Relation.DEPARTMENT})
_LOOKING = _CARING | {Relation.BREAK_GLASS}
_ALL = frozenset(Relation)

_OWNER: Rule = MappingProxyType({**dict.fromkeys(Role, _SELF), Role.ADMIN: _ALL})
_IMAGES: Rule = MappingProxyType(
    {
        Role.PATIENT: _SELF,
        Role.DOCTOR: _CARING,
        Role.HOSPITAL: _LINK_RELATIONS,
        Role.LAB: _LINK_RELATIONS,
        Role.ADMIN: _ALL,
    }
)
_VIEWERS: Rule = MappingProxyType({**_IMAGES, Role.DOCTOR: _LOOKING})
_DOCTORS: Rule = MappingProxyType({Role.DOCTOR: _CARING - _SELF})
_LET_IN: Rule = MappingProxyType(
    {**_DOCTORS, Role.HOSPITAL: _LINK_RELATIONS - _SELF, Role.LAB: _LINK_RELATIONS - _SELF}
)
# What is said of a patient's health, beside the images: labs see the images alone.
_HEALTH: Rule = MappingProxyType({role: relations for role, relations in _VIEWERS.items() if role is not Role.LAB})
_PATIENT: Rule = MappingProxyType({Role.PATIENT: _SELF})
_BY_ADMINISTRATORS: Rule = MappingProxyType({Role.ADMIN: _ALL})
_QUESTION: Rule = MappingProxyType({Role.PATIENT: _SELF, Role.DOCTOR: frozenset({Relation.ASKED}), Role.ADMIN: _ALL})
_DISCHARGE: Rule = MappingProxyType(
    {Role.PATIENT: _SELF, Role.DOCTOR: frozenset({Relation.DEPARTMENT}), Role.ADMIN: _ALL}
)

RULES: MappingProxyType[Action, Rule] = MappingProxyType(
    {
        Action.READ_SCAN: _VIEWERS,
        Action.READ_TASK: _VIEWERS,
        Action.UPLOAD_SCAN: _IMAGES,
        Action.ANALYSE_SCAN: _IMAGES,
        Action.CANCEL_TASK: _IMAGES,
        Action.DELETE_SCAN: _OWNER,
        Action.READ_READING: _HEALTH,
        Action.WRITE_READING: _DOCTORS,
        Action.READ_PATIENT: _VIEWERS,
        Action.WRITE_PATIENT: _LET_IN,
        Action.READ_DIAGNOSIS: _HEALTH,
        Action.WRITE_DIAGNOSIS: _DOCTORS,
        Action.CONNECT: _PATIENT,
        Action.WITHDRAW: _PATIENT,
        Action.READ_OWN_ACCESS: _PATIENT,
        Action.BREAK_GLASS: MappingProxyType({Role.DOCTOR: _ALL - _SELF}),
        Action.READ_ACCESS_LOG: _OWNER,
        Action.READ_RECORD: _HEALTH,
        Action.WRITE_RECORD: _DOCTORS,
        Action.READ_HISTORY: _HEALTH,
        Action.WRITE_HISTORY: _DOCTORS,
        Action.ASK_QUESTION: _PATIENT,
        Action.READ_QUESTION: _QUESTION,
        Action.ANSWER_QUESTION: MappingProxyType({Role.DOCTOR: frozenset({Relation.ASKED})}),
        Action.WITHDRAW_QUESTION: _PATIENT,
        # The link is the patient's to the doctor who admits them.
        Action.ADMIT_PATIENT: MappingProxyType({Role.DOCTOR: frozenset({Relation.CARE_LINK}), Role.ADMIN: _ALL}),
        Action.DISCHARGE_PATIENT: _DISCHARGE,
        # Of doctors, and of all roles: not of patients alone.
        Action.ASSIGN_DOCTOR: _BY_ADMINISTRATORS,
        Action.DISMISS_DOCTOR: _BY_ADMINISTRATORS,
        Action.READ_ACCOUNT: _OWNER,
        Action.CHANGE_ACCOUNT: _OWNER,
    }
)

# A professional at whom no administrator has looked yet reads the patients who let them in themselves and keeps their
# sheet, and does nothing else. One who was refused does nothing with any patient.
APPROVED_ONLY = frozenset(
    {
        Action.UPLOAD_SCAN,
        Action.ANALYSE_SCAN,
        Action.CANCEL_TASK,
        Action.WRITE_READING,
        Action.BREAK_GLASS,
        Action.WRITE_DIAGNOSIS,
        Action.WRITE_RECORD,
        Action.WRITE_HISTORY,
        Action.READ_QUESTION,
        Action.ANSWER_QUESTION,
        Action.ADMIT_PATIENT,
        Action.DISCHARGE_PATIENT,
    }
)


def relation_of(actor: Actor, resource: Resource) -> Relation:
    """Return what the actor is to the patient: themselves first, else what was found of care; refused, nothing."""
    if actor.account_id == resource.patient_id:
        return Relation.SELF
    return Relation.NONE if actor.is_refused else resource.relation


def allows(actor: Actor, action: Action, resource: Resource) -> bool:
    """Tell whether `actor` may do `action` to `resource`."""
    relation = relation_of(actor, resource)
    waiting = actor.role in PROFESSIONALS and not actor.is_approved
    if waiting and (action in APPROVED_ONLY or relation not in _LINK_RELATIONS):
        return False
    return relation in RULES[action].get(actor.role, frozenset())
