"""What has come into the bucket: the first version of a task's object is pinned and the task sent to its lane.

Whatever else comes by the same form is removed: it costs a batch of ten no more than one call, and no place in a lane.
What somebody else uploads for a patient is taken in as long as they may upload for them, not only when they began.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from functions.inference.ingest import (
    ExternalUpload,
    IncomingMessage,
    IngestDeps,
    UnexpectedObject,
    UploadedObject,
    accept_external,
    delete_leftovers,
    parse_message,
    quarantine,
)
from scanward.domain import tasks
from scanward.domain.policy import Action
from scanward.domain.tasks import Arrival, Task
from scanward.errors import Conflict, Unavailable
from scanward.security.access import Access
from scanward.stores.queues import PriorityQueues
from scanward.stores.s3 import ObjectVersion, Purger, StorageFailed

PIN_TRIES = 3
SET_ASIDE = "set aside"
MAX_PINS = 1000


@dataclass(frozen=True, slots=True)
class ArrivalDeps:
    """What the use-case works with. `bucket`: whose events they are.

    `pins`: of the last tasks that this process took in, the version that each reads. That never changes, so whatever
    else comes by the same form is known without a read.
    """

    ingest: IngestDeps
    access: Access
    lanes: PriorityQueues
    purger: Purger
    bucket: str
    pins: dict[int, ObjectVersion] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """What became of some messages. `to_resend`: those that have to come again. `outcomes`: how many of each kind.

    `tasks`: as they were last seen, so that the posts of one form cost one read. `leftovers`: by message, to be
    removed.
    """

    to_resend: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    tasks: dict[int, Task] = field(default_factory=dict)
    leftovers: dict[str, list[ObjectVersion]] = field(default_factory=dict)


def take_in(deps: ArrivalDeps, bodies: Mapping[str, str], on_failure: Callable[[Exception], None]) -> Batch:
    """Take in what some messages announce, by their ids. `on_failure` is told why one will be sent again.

    What is removed is removed last: nobody's image waits for that.
    """
    batch = Batch()
    for message_id, body in bodies.items():
        leftovers = batch.leftovers[message_id] = []
        try:
            for message in parse_message(body, deps.bucket):
                batch.outcomes[_take_in_object(deps, message, batch, leftovers)] += 1
        except Exception as failure:  # whatever is wrong with one, the others are taken in
            on_failure(failure)
            batch.to_resend.append(message_id)
    try:
        deps.purger.purge_versions([version for versions in batch.leftovers.values() for version in versions])
    except StorageFailed as failure:
        on_failure(failure)
        batch.to_resend += [key for key, versions in batch.leftovers.items() if versions and key not in batch.to_resend]
    return batch


def _take_in_object(deps: ArrivalDeps, message: IncomingMessage, batch: Batch, leftovers: list[ObjectVersion]) -> str:
    arrival = accept_external(deps.ingest, message) if isinstance(message, ExternalUpload) else message
    if arrival is None or isinstance(arrival, UnexpectedObject):
        return _set_aside(deps, message)
    if _comes_after_pin(deps, arrival):
        leftovers.append(ObjectVersion(str(arrival.key), str(arrival.version)))
        return Arrival.LEFTOVER
    for _ in range(PIN_TRIES):
        task = batch.tasks.get(arrival.task_id) or deps.ingest.scans.task(arrival.task_id)
        if task is None or task.scan_id != arrival.scan_id or arrival.key not in {None, task.object_key}:
            if delete_leftovers(deps.ingest.scans, deps.purger, arrival):
                return Arrival.LEFTOVER
            return _set_aside(deps, message) if arrival.key else Arrival.NOTHING_TO_DO
        outcome = tasks.judge_arrival(task, arrival.version if arrival.key else task.object_version)
        if outcome is Arrival.FIRST and not _is_allowed(deps, task):
            outcome = Arrival.REFUSED
        try:
            if outcome is Arrival.FIRST:
                task = _pin(deps, task, arrival)
            elif outcome is Arrival.REFUSED:
                task = deps.ingest.scans.write_transition(task, tasks.cancel(task, deps.ingest.now()))
        except Conflict:  # moved between read and write: look again
            batch.tasks.pop(task.id, None)
            continue
        batch.tasks[task.id] = task
        _note_pin(deps, task)
        if outcome in {Arrival.LEFTOVER, Arrival.REFUSED} and arrival.version:
            leftovers.append(ObjectVersion(task.object_key, arrival.version))
        elif outcome is Arrival.REFUSED:  # found by the sweeper, which knows of no version
            deps.purger.purge_key(task.object_key)
        if outcome in {Arrival.FIRST, Arrival.ANNOUNCED_AGAIN}:
            deps.lanes.enqueue(task)
        return outcome
    raise Unavailable


def _comes_after_pin(deps: ArrivalDeps, arrival: UploadedObject) -> bool:
    """Tell whether a version is another one than that which its task is known to read."""
    pin = deps.pins.get(arrival.task_id)
    return pin is not None and bool(arrival.version) and arrival.key == pin.key and arrival.version != pin.version


def _note_pin(deps: ArrivalDeps, task: Task) -> None:
    if len(deps.pins) >= MAX_PINS:
        deps.pins.clear()
    if task.object_version:
        deps.pins[task.id] = ObjectVersion(task.object_key, task.object_version)


def _is_allowed(deps: ArrivalDeps, task: Task) -> bool:
    """Tell whether who asked for the task may upload for the patient now."""
    if task.requested_by == task.patient_id:
        return True
    actor = deps.ingest.sessions.account_actor(task.requested_by)
    return actor is not None and deps.access.still_allows(actor, Action.UPLOAD_SCAN, task.patient_id)


def _pin(deps: ArrivalDeps, task: Task, arrival: UploadedObject) -> Task:
    """Pin the version that has come; the oldest there is where its event was lost and the sweeper has found it."""
    version = arrival.version if arrival.key else deps.ingest.objects.oldest_version(task.object_key)
    return deps.ingest.scans.write_transition(task, tasks.pin(task, version, deps.ingest.now()))


def _set_aside(deps: ArrivalDeps, message: IncomingMessage) -> str:
    if message.key:
        quarantine(deps.ingest.objects, message.key, message.version)
    return SET_ASIDE
