"""The policy, every cell of it, against a table that was written down beside it and not made from it.

A letter is what an actor is to the patient: S themselves, L let in by them, D of a department that they are in, G a
breaker of the glass, A asked by them, N nobody. `all` are all of them. A star: for approved professionals only.
"""

from itertools import product

import pytest

from infra.policy import TARGET, render
from scanward.domain.accounts import Actor, Role
from scanward.domain.policy import Action, Relation, Resource, allows

ME, SOMEBODY = 1, 2
LETTERS = {
    "S": Relation.SELF,
    "L": Relation.CARE_LINK,
    "D": Relation.DEPARTMENT,
    "G": Relation.BREAK_GLASS,
    "A": Relation.ASKED,
    "N": Relation.NONE,
}
#                   patient doctor  hospital lab  administrator
TABLE = """
READ_SCAN           S       SLDG    SL      SL    all
READ_TASK           S       SLDG    SL      SL    all
UPLOAD_SCAN       * S       SLD     SL      SL    all
ANALYSE_SCAN      * S       SLD     SL      SL    all
CANCEL_TASK       * S       SLD     SL      SL    all
DELETE_SCAN         S       S       S       S     all
READ_READING        S       SLDG    SL      -     all
WRITE_READING     * -       LD      -       -     -
READ_PATIENT        S       SLDG    SL      SL    all
WRITE_PATIENT       -       LD      L       L     -
READ_DIAGNOSIS      S       SLDG    SL      -     all
WRITE_DIAGNOSIS   * -       LD      -       -     -
CONNECT             S       -       -       -     -
WITHDRAW            S       -       -       -     -
READ_OWN_ACCESS     S       -       -       -     -
BREAK_GLASS       * -       LDGAN   -       -     -
READ_ACCESS_LOG     S       S       S       S     all
READ_RECORD         S       SLDG    SL      -     all
WRITE_RECORD      * -       LD      -       -     -
READ_HISTORY        S       SLDG    SL      -     all
WRITE_HISTORY     * -       LD      -       -     -
ASK_QUESTION        S       -       -       -     -
READ_QUESTION     * S       A       -       -     all
ANSWER_QUESTION   * -       A       -       -     -
WITHDRAW_QUESTION   S       -       -       -     -
ADMIT_PATIENT     * -       L       -       -     all
DISCHARGE_PATIENT * S       D       -       -     all
ASSIGN_DOCTOR       -       -       -       -     all
DISMISS_DOCTOR      -       -       -       -     all
READ_ACCOUNT        S       S       S       S     all
CHANGE_ACCOUNT      S       S       S       S     all
"""
COLUMNS = (Role.PATIENT, Role.DOCTOR, Role.HOSPITAL, Role.LAB, Role.ADMIN)
ROWS = {words[0]: words[1:] for words in (line.split() for line in TABLE.strip().splitlines())}


def expected(action: Action, role: Role, relation: Relation, *, is_approved: bool) -> bool:
    """Return what the table says."""
    row = ROWS[action.value]
    letters = row[1:] if row[0] == "*" else row
    cell = letters[COLUMNS.index(role)]
    if not is_approved and role in {Role.DOCTOR, Role.HOSPITAL, Role.LAB}:
        if row[0] == "*":
            return False
        cell = "".join(letter for letter in cell if letter in "SL")  # who let them in themselves, and nobody else
    return cell == "all" or any(LETTERS.get(letter) is relation for letter in cell)


def test_the_table_has_a_row_for_each_action_and_a_cell_for_each_role() -> None:
    assert set(ROWS) == {action.value for action in Action}
    assert set(COLUMNS) == set(Role)
    assert set(LETTERS.values()) == set(Relation)
    assert {len(row) - (row[0] == "*") for row in ROWS.values()} == {len(COLUMNS)}


@pytest.mark.parametrize("action", list(Action))
def test_every_role_and_relation_may_what_the_table_says(action: Action) -> None:
    for role, relation, is_approved in product(Role, Relation, (True, False)):
        patient = ME if relation is Relation.SELF else SOMEBODY
        found = Relation.NONE if relation is Relation.SELF else relation
        allowed = allows(Actor(ME, role, is_approved, "session"), action, Resource(patient, found))
        assert allowed is expected(action, role, relation, is_approved=is_approved), (role, relation, is_approved)


@pytest.mark.parametrize("found", list(Relation))
def test_ones_own_data_are_ones_own_whatever_else_was_found(found: Relation) -> None:
    for role, action in product(Role, Action):
        actor = Actor(ME, role, True, "session")
        assert allows(actor, action, Resource(ME, found)) is allows(actor, action, Resource(ME, Relation.SELF))


def test_the_page_about_the_policy_is_what_the_policy_says() -> None:
    assert TARGET.read_text() == render(), "run python -m infra.policy"


@pytest.mark.parametrize("action", Action)
def test_refused_professional_is_nothing_to_any_patient(action: Action) -> None:
    for role, relation in product((Role.DOCTOR, Role.HOSPITAL, Role.LAB), Relation):
        actor = Actor(ME, role, is_approved=False, session_id="session", is_refused=True)
        assert not allows(actor, action, Resource(SOMEBODY, relation))
