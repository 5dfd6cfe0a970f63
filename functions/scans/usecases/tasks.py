"""Following tasks, calling them off, and having an image analysed again."""

from collections.abc import Sequence

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.orders import AcceptedOrder, Draft, OrderRequest, complete_order, place_order
from scanward.domain import tasks
from scanward.domain.accounts import Actor
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.ids import parse_id
from scanward.domain.orders import Order
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action
from scanward.domain.tasks import Task, TaskStatus
from scanward.errors import Conflict, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.scans import IdempotencyWrite

CANCEL_TRIES = 10


def get_authorized(deps: ScanDeps, actor: Actor, action: Action, task_id: str) -> Task:
    """Return the task of a task id in either spelling, or of a task token. Raises NotFound, also for a stranger's."""
    task = deps.scans.task(deps.tokens.task_id(task_id))
    if task is None:
        raise NotFound
    deps.access.require(actor, action, task.patient_id, ResourceRef("task", task.id))
    return task


def read_task(deps: ScanDeps, actor: Actor, task_id: str) -> Task:
    """Return a task. Raises NotFound, also for a stranger's."""
    return get_authorized(deps, actor, Action.READ_TASK, task_id)


def list_tasks(deps: ScanDeps, actor: Actor, request: PageRequest) -> tuple[Sequence[Task], str | None]:
    """Return the tasks about the actor's own images and those that the actor asked for, newest first.

    A task about a patient whom the actor may no longer see is left out.
    """
    scope = f"tasks:{actor.account_id}"
    page = deps.lists.tasks_of(actor.account_id, deps.tokens.page_range(request, scope))
    visible_tasks = deps.access.filter_allowed(actor, Action.READ_TASK, deps.lists.tasks(page.items), _patient_of)
    return visible_tasks, deps.tokens.next_cursor(page.last, scope)


def cancel(deps: ScanDeps, actor: Actor, task_id: str) -> Task:
    """Call a task off; one that was called off before is no error. Raises TaskClosed if it is over, NotFound."""
    return cancel_with_retry(deps, get_authorized(deps, actor, Action.CANCEL_TASK, task_id))


def cancel_with_retry(deps: ScanDeps, task: Task) -> Task:
    """Return the task, CANCELLED.

    Of this and a result that comes at the same time one wins. Raises TaskClosed, NotFound.
    """
    for _ in range(CANCEL_TRIES):
        if task.status is TaskStatus.CANCELLED:
            return task
        after = tasks.cancel(task, deps.now())
        try:
            return deps.scans.write_transition(task, after)
        except Conflict:  # its worker moved it on: look again
            stored_task = deps.scans.task(task.id)
        if stored_task is None:
            raise NotFound
        task = stored_task
    raise Conflict


def reanalyse(
    deps: ScanDeps, actor: Actor, scan_id: str, order: Order, idempotency_key: IdempotencyKey | None
) -> AcceptedOrder[Task]:
    """Order another analysis of a stored image; earlier ones stay. Raises Conflict while the image is being read."""
    scan = deps.scans.get(parse_id(scan_id))
    if scan is None:
        raise NotFound
    deps.access.require(actor, Action.ANALYSE_SCAN, scan.patient_id, ResourceRef("scan", scan.id))
    of = deps.scans.task(scan.task_id)
    if of is None or not deps.objects.exists(scan.object_key, scan.object_version):
        raise Conflict("There is no image to analyse")

    def keep(draft: Draft, beside: IdempotencyWrite) -> Task:
        task = tasks.create_reanalysis(
            id=draft.task_id, of=of, requested_by=actor.account_id, order=draft.order, now=draft.now
        )
        deps.scans.add_analysis(task, beside)
        return task

    accepted_order = place_order(deps, OrderRequest(actor, order, idempotency_key, estimates_time=True), keep, scan.id)
    task = accepted_order.new_item or deps.scans.task(accepted_order.task_id)
    if task and accepted_order.is_incomplete:
        deps.lanes.enqueue(task)
        complete_order(deps, idempotency_key)
    return accepted_order


def _patient_of(task: Task) -> int:
    return task.patient_id
