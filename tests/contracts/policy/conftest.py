"""A cloud for each role, shared by all rows, and one data set for each relation."""

from collections.abc import Iterator

import pytest

from tests.contracts.policy.cells import RELATIONS, Cell, cell
from tests.support.cloud import cloud
from tests.support.people import KINDS


@pytest.fixture(scope="module", params=KINDS, ids=str)
def cells(request: pytest.FixtureRequest) -> Iterator[list[Cell]]:
    """Provide one role in every relation. Small clouds: each transaction takes as long as all that lies in one."""
    with cloud():
        yield [cell(request.param, relation) for relation in RELATIONS]
