"""How a row of the policy test is written: a route, a request, and who may."""

from collections.abc import Callable
from dataclasses import dataclass

from scanward.domain.accounts import Role
from scanward.domain.policy import Action, Relation
from tests.contracts.policy.belongings import Target
from tests.contracts.policy.cells import Cell
from tests.support.client import ApiClient, Reply
from tests.support.people import Kind
from tests.unit.scanward.domain.test_policy import expected

Send = Callable[[ApiClient, Target], Reply]
Rule = Callable[[Cell], int]

EVERYBODY = frozenset(Role)
PATIENTS = frozenset({Role.PATIENT})
DOCTORS = frozenset({Role.DOCTOR})
STAFF = frozenset({Role.DOCTOR, Role.ADMIN})
PROFESSIONALS = frozenset({Role.DOCTOR, Role.HOSPITAL, Role.LAB})
ADMINISTRATORS = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class Row:
    """One way to call a route.

    `audience`, `approved`: for whom the route is at all, whoever it is about; others are told so. `rule`: what the rest
    are answered. `shows`: of a list, whether the patient is in it. `undo`: what a request did that others must not
    meet. `alone`: called by somebody new each time, for it ends them. `about_patients`: whether it is about the patient
    at all; what is not is tried in one relation, for the others would be the same request.
    """

    route: str
    send: Send
    rule: Rule
    audience: frozenset[Role] = EVERYBODY
    approved: bool = False
    shows: Callable[[Cell], bool] | None = None
    marks: Callable[[Target], str] = lambda target: str(target.patient)
    undo: Callable[[Cell], None] = lambda cell: None
    alone: bool = False
    about_patients: bool = True
    note: str = ""

    def status(self, cell: Cell) -> int:
        """Return what the caller must be answered."""
        kind = cell.who.kind
        if kind.role not in self.audience or (self.approved and kind.waits):
            return 403
        return self.rule(cell)

    def __str__(self) -> str:
        return f"{self.route}{f' ({self.note})' if self.note else ''}"


def always(status: int = 200) -> Rule:
    """Return whoever the route is for may call it; it is about themselves, or about nobody."""
    return lambda cell: status


def may(cell: Cell, action: Action, relation: Relation | None = None) -> bool:
    """Return what the table of the policy says."""
    kind, found = cell.who.kind, relation or cell.effective
    return expected(action, kind.role, found, is_approved=kind.is_approved)


def needs(action: Action, status: int = 200, *, of_patients: bool = False) -> Rule:
    """As the policy's table says; else 404 for strangers, 403 for others. `of_patients`: of no other account."""

    def rule(cell: Cell) -> int:
        if of_patients and cell.relation == "own" and cell.who.kind.role is not Role.PATIENT:
            return 404
        return status if may(cell, action) else refusal(cell.who.kind, cell.effective)

    return rule


def asked(action: Action, status: int = 200) -> Rule:
    """Return the same of a question that was put to the caller, who is that to the patient and nothing else."""

    def rule(cell: Cell) -> int:
        is_asked = cell.who.kind.role is Role.DOCTOR and cell.relation != "own"
        relation = Relation.ASKED if is_asked else not_asked(cell)
        return status if may(cell, action, relation) else refusal(cell.who.kind, relation)

    return rule


def not_asked(cell: Cell) -> Relation:
    """Return what one is to the patient in the matter of somebody else's question, however near one is."""
    return Relation.SELF if cell.relation == "own" else Relation.NONE


def unasked(action: Action, status: int = 200) -> Rule:
    """Of a question that was put to somebody else."""

    def rule(cell: Cell) -> int:
        return status if may(cell, action, not_asked(cell)) else refusal(cell.who.kind, not_asked(cell))

    return rule


def refusal(kind: Kind, relation: Relation) -> int:
    """Strangers are told that there is nothing."""
    return 404 if relation is Relation.NONE and kind.role is not Role.ADMIN else 403
