"""One world for each fault case, and worker processes for those that kill them."""

from collections.abc import Iterator

import pytest

from tests.faults.served_cloud import served
from tests.faults.workers import Workers, workers
from tests.support.uploads import World


@pytest.fixture
def world(aws: None) -> World:
    return World()


@pytest.fixture(scope="session")
def processes() -> Iterator[Workers]:
    """They see the cloud of whichever test runs."""
    with served() as endpoint, workers(endpoint) as started:
        yield started


@pytest.fixture
def ours(world: World, processes: Workers) -> Workers:
    return processes
