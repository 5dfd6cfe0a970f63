"""Fault R1: a worker's process is killed at each of its steps."""

import random
from datetime import timedelta

import pytest

from scanward.domain.tasks import LEASE, TaskStatus
from tests.faults.size import sized
from tests.faults.worker_processes import Kill, WorkerProcesses
from tests.support.workers import Workers

TIMES = sized(50, 1)
LATE = timedelta(seconds=30)
SEND, MOVE, PUT = ("botocore/httpsession.py", "send"), ("stores/scans.py", "write_transition"), ("stores/s3.py", "put")
STEPS = {
    "claim": [Kill(*MOVE), Kill(*MOVE, ends=True), Kill("inference/worker.py", "_claim", ends=True)],
    "get": [Kill("stores/s3.py", "get"), Kill("stores/s3.py", "get", ends=True)],
    "decode": [Kill("imaging/decode.py", "decode"), Kill("imaging/decode.py", "decode", ends=True)],
    "run": [Kill("imaging/analysis.py", "analyse"), Kill("imaging/analysis.py", "analyse", ends=True)],
    "write": [Kill(*MOVE, nth=nth, ends=ends) for nth in (4, 2, 3) for ends in (True, False)],
    "push": [Kill(*PUT, nth=nth, ends=ends) for nth in (1, 2) for ends in (True, False)],
    "wire": [Kill(*SEND, nth=nth, ends=ends) for nth in range(1, 9) for ends in (True, False)],
}


@pytest.mark.parametrize("step", STEPS)
def test_a_task_whose_worker_is_killed_is_final_when_it_is_told_of_again(
    workers: Workers, ours: WorkerProcesses, step: str
) -> None:
    chance = random.Random(step)
    for number in range(TIMES):
        kill = STEPS[step][number] if number < len(STEPS[step]) else chance.choice(STEPS[step])
        with workers.queues.notified(lost=True):
            task = workers.task(workers.upload())
        event = workers.queues.events[-1]
        assert ours.work([event], timedelta(), kill).killed
        left = workers.task(task)
        ended = ours.work([event, event], LEASE + LATE)
        done = workers.task(task)
        assert (done.status, ended.code) == (TaskStatus.COMPLETED, 0)
        assert done == left or not left.is_final, "a result that was written stays"
        assert ended.outcomes[-1] == "nothing to do", "there is one result"
        assert done.attempts <= 2
        scan = workers.scans.get(task.scan_id)
        assert scan
        assert (scan.status, scan.result) == (done.status, done.result)
        workers.clock.ahead += timedelta(milliseconds=1)


def test_before_its_lease_is_over_nobody_takes_a_killed_workers_task(workers: Workers, ours: WorkerProcesses) -> None:
    with workers.queues.notified(lost=True):
        task = workers.task(workers.upload())
    assert ours.work(workers.queues.events, timedelta(), Kill("imaging/decode.py", "decode")).killed
    held = workers.task(task)
    assert held.status is TaskStatus.IN_PROGRESS
    assert ours.work(workers.queues.events, LEASE / 2).outcomes == ["nothing to do"]
    assert workers.task(task) == held
