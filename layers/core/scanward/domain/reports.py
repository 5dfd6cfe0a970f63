"""What poll and push both say of a task, apart from how its id is spelled."""

from typing import Any

from scanward.domain.failures import FAILURE_TEXTS
from scanward.domain.tasks import Task


def report(task: Task) -> dict[str, Any]:
    """The state, and the result or the failure once there is one."""
    said: dict[str, Any] = {
        "status": task.status.value,
        "progress": task.progress,
        "message": task.message,
        "version": task.version,
        "result": {"type": "analysis", "data": task.result} if task.result is not None else None,
    }
    if task.failure:
        said["failure"] = {"reason": task.failure.value, "message": FAILURE_TEXTS[task.failure]}
    return said
