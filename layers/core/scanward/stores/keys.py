"""Every DynamoDB key of the system is spelled here and nowhere else."""

DUE_SHARDS = 8
LIST_SHARDS = 8

PROFILE = "PROFILE"
GATE = "GATE"
MARKER = "MARKER"
ADMINISTRATORS = "ADMINISTRATORS"
COUNT = "COUNT"
SCAN = "SCAN"
TASK = "TASK"
CONNECTION = "CONNECTION"
SUBSCRIPTION_PREFIX = "SUB#"


def account(account_id: int) -> str:
    return f"ACCOUNT#{account_id}"


def marker(field: str, folded: str) -> str:
    """The key that holds a unique name, such as EMAIL#ada@example.org."""
    return f"{field.upper()}#{folded}"


def user_list(role: str | None, active: bool | None, approved: bool | None, shard: int) -> str:
    """A shard of the list of accounts under these filters; `*` where a filter is not set."""
    filters = ("*" if value is None else str(value) for value in (role, active, approved))
    return f"USERS#{'#'.join(filters)}#{shard}"


def address(hashed: str) -> str:
    return f"ADDRESS#{hashed}"


def list_shard(account_id: int) -> int:
    """Which shard of each list holds an account."""
    return account_id % LIST_SHARDS


def sortable(number: int) -> str:
    """An id as a sort key: its 16 digits sort as the numbers do."""
    return f"{number:016d}"


def scan(scan_id: int) -> str:
    return f"SCAN#{scan_id}"


def task(task_id: int) -> str:
    return f"TASK#{task_id}"


def connection(connection_id: str) -> str:
    return f"CONNECTION#{connection_id}"


def subscription(connection_id: str) -> str:
    return f"{SUBSCRIPTION_PREFIX}{connection_id}"


def number(key: str) -> int:
    """The id in a key such as `TASK#123`."""
    return int(key.partition("#")[2])


def text(key: str) -> str:
    """The name in a key such as `SUB#abc=`."""
    return key.partition("#")[2]


def due_shard(task_id: int) -> int:
    """Which shard of the `due` index holds a task, so that no partition of it takes all writes."""
    return task_id % DUE_SHARDS
