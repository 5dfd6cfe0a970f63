"""Why a task does not take a transition."""

from scanward.errors import Conflict


class TaskClosed(Conflict):
    """The task has reached a final state, and which."""

    message = "The task is finished"

    def __init__(self, status: str) -> None:
        super().__init__()
        self.details = {"status": status}


class TaskLeased(Conflict):
    """Another worker holds the task."""

    message = "The task is being worked on"


class TaskNotStarted(Conflict):
    """Nobody holds the task."""

    message = "The task is not being worked on"


class TaskNotFinished(Conflict):
    """What was asked for needs a finished task."""

    message = "The task is not finished"
