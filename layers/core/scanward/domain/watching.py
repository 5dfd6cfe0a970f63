"""Who watches which task over a WebSocket."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_TASKS = 20
LIFE = timedelta(hours=2)  # API Gateway ends a WebSocket by then
SETTLING = timedelta(seconds=10)  # a push may overtake the handshake; until then a gone socket may yet come


@dataclass(frozen=True, slots=True)
class Connection:
    """One open socket of an account's session, and the tasks it watches."""

    id: str
    account_id: int
    session_id: str
    task_ids: tuple[int, ...]
    connected_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """One socket's interest in one task. `pushed`: the highest version of the task that was sent there."""

    task_id: int
    connection_id: str
    connected_at: datetime
    pushed: int
