"""Who may watch a task: whoever may read it."""

from contextlib import suppress

from functions.realtime.usecases.dependencies import Realtime
from scanward.domain.accounts import Actor
from scanward.domain.policy import Action
from scanward.domain.tasks import Task
from scanward.domain.watching import MAX_TASKS, Connection, follow
from scanward.errors import NotAllowed, NotFound
from scanward.security.access import Access, Thing


def require(access: Access, actor: Actor, task: Task) -> None:
    """Raises NotFound for somebody else's task; watching one of a patient's is in their access log."""
    try:
        access.require(actor, Action.READ_TASK, task.patient_id, Thing("task", task.id))
    except NotAllowed as refused:
        raise NotFound from refused


def watchable(realtime: Realtime, actor: Actor, task_ids: tuple[int, ...]) -> None:
    """Raises NotFound when one of the tasks is missing or somebody else's."""
    for task_id in task_ids:
        task = realtime.scans.task(task_id)
        if task is None:
            raise NotFound
        require(realtime.access, actor, task)


def catch_up(realtime: Realtime, actor: Actor, connection: Connection) -> Connection | None:
    """Follows those of one's own newest tasks that are still going on, so that their state is pushed at once.

    Comes after the socket is kept: what begins or moves meanwhile finds it already.
    """
    newest = realtime.lists.tasks_of(connection.account_id, MAX_TASKS, None)
    going_on = []
    for task in realtime.lists.tasks(newest.ids):
        with suppress(NotFound):
            if not task.is_final:
                require(realtime.access, actor, task)
                going_on.append(task.id)

    def with_all(kept: Connection) -> Connection:
        for task_id in sorted(set(going_on) - kept.subscribed):
            kept = follow(kept, task_id)
        return kept

    return realtime.keeper.connections.change(connection.id, with_all)
