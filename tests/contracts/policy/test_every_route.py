"""Every role on every route in every relation, over HTTP: as the policy's table and the routes' audiences say."""

from typing import Any

import pytest

from functions.auth.routes import routes as auth
from functions.records.routes import routes as records
from functions.scans.routes import routes as scans
from scanward.web.routes import Route
from tests.contracts.policy.belongings import missing
from tests.contracts.policy.cells import Cell
from tests.contracts.policy.rows import Row
from tests.contracts.policy.rows_of_care import ROWS as OF_CARE
from tests.contracts.policy.rows_of_departments import ROWS as OF_DEPARTMENTS
from tests.contracts.policy.rows_of_people import PUBLIC
from tests.contracts.policy.rows_of_people import ROWS as OF_PEOPLE
from tests.contracts.policy.rows_of_scans import ROWS as OF_SCANS
from tests.contracts.policy.rows_of_texts import ROWS as OF_TEXTS
from tests.support.client import ApiClient, Reply
from tests.support.people import People

ROWS = (*OF_CARE, *OF_DEPARTMENTS, *OF_TEXTS, *OF_SCANS, *OF_PEOPLE)
SERVED = [route for table in (records, scans, auth) for route in table.table]


def named(route: Route[Any]) -> str:
    return f"{route.method} {route.path}"


def test_every_route_has_a_row_in_the_policy_table_or_is_public() -> None:
    assert {named(route) for route in SERVED} == {row.route for row in ROWS} | PUBLIC
    assert {named(route) for route in SERVED if route.audience.token is None} == PUBLIC


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_lets_in_whom_it_may(row: Row, cells: list[Cell]) -> None:
    kind, desk = cells[0].who.kind, cells[0].desk
    absent = row.send(People().add(kind, frozenset({desk})).client, missing(desk))
    tried = cells if row.about_patients else cells[:1]
    wrong = [f"{cell}: {found}" for cell in tried if (found := difference(row, cell, absent))]
    assert wrong == []


def difference(row: Row, cell: Cell, absent: Reply) -> str | None:
    """Return what is wrong with the answer to one caller, if anything is. `absent`: the one about what is not there."""
    who = People().add(cell.who.kind) if row.alone else cell.who
    reply, wanted = row.send(who.client, cell.target), row.status(cell)
    row.undo(cell)
    if reply.status != wanted:
        return f"{reply.status} instead of {wanted}, {reply.body[:200]!r}"
    if row.shows and wanted == 200 and (row.marks(cell.target).encode() in reply.body) is not row.shows(cell):
        return f"the list shows {'too little' if row.shows(cell) else 'too much'}"
    if wanted == 404 and (reply.status, reply.body) != (absent.status, absent.body):
        return f"it is told from what is missing: {absent.status}, {absent.body[:200]!r}"
    return None


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_is_for_nobody_who_has_not_signed_in(row: Row, cells: list[Cell]) -> None:
    assert row.send(ApiClient(), missing(cells[0].desk)).status == 401
