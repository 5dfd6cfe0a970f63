"""From a message to a finished task: claim, analyse, complete; or quarantine."""

import secrets
from contextlib import suppress
from enum import StrEnum

from functions.inference.analysis import AnalysisDeps, Lease, LeaseLost, analyse_task
from functions.inference.ingest import (
    ExternalUpload,
    IncomingMessage,
    IngestDeps,
    UploadedObject,
    accept_external,
    delete_leftovers,
    quarantine,
)
from imaging.errors import ImageError, ModelError
from scanward.domain import tasks
from scanward.domain.tasks import FailureReason, Task, TaskClosed, TaskLeased
from scanward.errors import Conflict, NotFound, ScanwardError, TooLarge, Unavailable
from scanward.stores.s3 import StorageFailed

CLAIM_TRIES = 3


class Outcome(StrEnum):
    """What became of one message."""

    FINISHED = "finished"
    FAILED = "failed"
    NOTHING_TO_DO = "nothing to do"
    SET_ASIDE = "set aside"


def handle_event(deps: AnalysisDeps, ingest: IngestDeps, message: IncomingMessage) -> Outcome:
    """Analyse the object that a message announces, or quarantine one that is none of ours.

    Raises StorageFailed or Unavailable when it should be tried again.
    """
    arrival = accept_external(ingest, message) if isinstance(message, ExternalUpload) else message
    outcome = process(deps, arrival) if isinstance(arrival, UploadedObject) else Outcome.SET_ASIDE
    if outcome is Outcome.SET_ASIDE and message.key:
        quarantine(deps.objects, message.key, message.version)
    return outcome


def process(deps: AnalysisDeps, arrival: UploadedObject) -> Outcome:
    """Analyse an uploaded object, once, however often it is announced.

    Raises StorageFailed or Unavailable when it should be tried again; the lease is then given back.
    """
    try:
        lease = _claim(deps, arrival)
        if lease is None:
            return handle_unknown_task(deps, arrival)
        start = deps.now()
        outcome = Outcome.FAILED if lease.task.is_final else _analyse(deps, lease)
        deps.on_end(lease.task, deps.now() - start)
        return outcome
    except (TaskClosed, TaskLeased):
        return Outcome.NOTHING_TO_DO
    except LeaseLost:
        delete_leftovers(deps.scans, deps.purger, arrival)
        return Outcome.NOTHING_TO_DO


def _claim(deps: AnalysisDeps, arrival: UploadedObject) -> Lease | None:
    """Return a lease on the task of an uploaded object; None when there is no such task.

    The task is final after too many attempts.
    """
    attempt = secrets.token_urlsafe(9)
    for _ in range(CLAIM_TRIES):
        task = deps.scans.task(arrival.task_id)
        if task is None or not _is_same_object(arrival, task):
            return None
        try:
            task_in_progress = tasks.claim(task, attempt, arrival.version, deps.now())
            return Lease(deps.scans, deps.scans.write_transition(task, task_in_progress), deps.now)
        except (TaskClosed, TaskLeased):
            raise
        except Conflict:
            continue  # moved between read and write: look again
    raise LeaseLost


def _is_same_object(arrival: UploadedObject, task: Task) -> bool:
    return task.scan_id == arrival.scan_id and arrival.key in {None, task.object_key}


def _analyse(deps: AnalysisDeps, lease: Lease) -> Outcome:
    try:
        analyse_task(deps, lease)
    except StorageFailed:
        if lease.task.attempts < tasks.MAX_ATTEMPTS:
            lease.release()
            raise
        lease.fail(FailureReason.STORAGE)
    except Unavailable:
        with suppress(ScanwardError):  # DynamoDB may not take this either: then the lease ends by itself
            lease.release()
        raise
    except NotFound:
        lease.fail(FailureReason.STORAGE)
    except TooLarge:
        lease.fail(FailureReason.TOO_LARGE)
    except ImageError as refusal:
        lease.fail(FailureReason(refusal.reason.value), refusal.message)
    except ModelError:
        lease.fail(FailureReason.MODEL)
    else:
        return Outcome.FINISHED
    return Outcome.FAILED


def handle_unknown_task(deps: AnalysisDeps, arrival: UploadedObject) -> Outcome:
    """Handle an uploaded object without a task: delete what is left where its scan was removed, else set it aside."""
    if delete_leftovers(deps.scans, deps.purger, arrival) or arrival.key is None:
        return Outcome.NOTHING_TO_DO
    return Outcome.SET_ASIDE
