"""Every DynamoDB key of the system is spelled here and nowhere else."""

DUE_SHARDS = 8

PROFILE = "PROFILE"
GATE = "GATE"
MARKER = "MARKER"
SCAN = "SCAN"
TASK = "TASK"
CONNECTION = "CONNECTION"
SUBSCRIPTION_PREFIX = "SUB#"


def account(account_id: int) -> str:
    return f"ACCOUNT#{account_id}"


def email(folded: str) -> str:
    return f"EMAIL#{folded}"


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
