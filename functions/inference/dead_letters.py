"""The end of the line: what the lanes gave up on becomes a FAILED task."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.inference.arrivals import Announced, Arrival, Delivery
from functions.inference.deliveries import known
from scanward.domain import tasks
from scanward.domain.failures import FailureReason
from scanward.domain.task_refusals import TaskLeased
from scanward.stores.once import OnceStore
from scanward.stores.scans import ScanStore


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What burying works with."""

    scans: ScanStore
    once: OnceStore
    now: Callable[[], datetime]


def bury(dead: DeadLetters, announced: Announced) -> bool:
    """Fails the task of a dead letter; False when it has ended already, or never was.

    Raises TaskLeased while a worker that was started by another announcement holds it: the letter is looked at again.
    Raises Conflict when it was moved meanwhile, for the same end.
    """
    now = dead.now()
    arrival = known(dead.once, announced, now) if isinstance(announced, Delivery) else announced
    task = dead.scans.task(arrival.task_id) if isinstance(arrival, Arrival) else None
    if task is None or task.is_final:
        return False
    if tasks.is_leased(task, now):
        raise TaskLeased
    dead.scans.move(task, tasks.fail(task, FailureReason.RETRIES_EXHAUSTED, now))
    return True
