"""One world for each fault case, whose clock only a test moves, and worker processes for those that kill them."""

from collections.abc import Iterator

import pytest

from tests.faults.served_cloud import served
from tests.faults.worker_processes import WorkerProcesses, start_processes
from tests.support.workers import Workers
from tests.support.world import World


@pytest.fixture
def world(aws: None) -> World:
    return World(stands=True)


@pytest.fixture(scope="session")
def processes() -> Iterator[WorkerProcesses]:
    """Provide processes that see the cloud of whichever test runs."""
    with served() as endpoint, start_processes(endpoint) as started:
        yield started


@pytest.fixture
def ours(workers: Workers, processes: WorkerProcesses) -> WorkerProcesses:
    return processes
