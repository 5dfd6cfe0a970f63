"""Writing several items, all or nothing."""

from collections.abc import Callable

from pynamodb.transactions import TransactWrite

from scanward.errors import Conflict
from scanward.stores.dynamo import ConditionFailed, connection, settled


def write_together(fill: Callable[[TransactWrite], None]) -> None:
    """One transaction, filled anew for each try. Raises ConditionFailed, Unavailable."""

    def write_all() -> None:
        with TransactWrite(connection=connection()) as write:
            fill(write)

    settled(write_all)


def write_unchanged(fill: Callable[[TransactWrite], None]) -> None:
    """The same, where a condition that fails means that somebody else was first. Raises Conflict, Unavailable."""
    try:
        write_together(fill)
    except ConditionFailed as lost:
        raise Conflict from lost
