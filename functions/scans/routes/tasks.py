"""Tasks (contract B)."""

from functions.scans.schemas.scans import CancelledOut, ListQuery, TaskOut
from functions.scans.usecases import tasks
from functions.scans.usecases.dependencies import ScanDeps
from scanward.domain.ids import to_uuid
from scanward.web.families import Family
from scanward.web.routes import Call, Page, Routes

routes = Routes[ScanDeps]("tasks", Family.ENVELOPE)


@routes.get("/tasks", list[TaskOut], query=ListQuery)
def list_tasks(call: Call[None], deps: ScanDeps) -> Page:
    """List the tasks about one's own images and those that one asked for, newest first."""
    visible_tasks, cursor = tasks.list_tasks(deps, call.actor, call.query.page_request())
    return Page([TaskOut.from_domain(task) for task in visible_tasks], cursor)


@routes.get("/tasks/status/{task_id}", TaskOut)
def read_task_status(call: Call[None], deps: ScanDeps) -> TaskOut:
    """Read where a task is, by its id or its token."""
    return TaskOut.from_domain(tasks.read_task(deps, call.actor, call.path["task_id"]))


@routes.post("/tasks/cancel/{task_id}", CancelledOut)
def cancel_task(call: Call[None], deps: ScanDeps) -> CancelledOut:
    """Call a task off, also before its image has come."""
    task = tasks.cancel(deps, call.actor, call.path["task_id"])
    return CancelledOut(task_id=to_uuid(task.id), status=task.status, message=task.message)
