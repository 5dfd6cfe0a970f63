"""Writing several items, all or nothing."""

from collections.abc import Callable

from pynamodb.transactions import TransactWrite

from scanward.stores.dynamo import connection, settled


def write_together(fill: Callable[[TransactWrite], None]) -> None:
    """One transaction, filled anew for each try. Raises ConditionFailed, Unavailable."""

    def write_all() -> None:
        with TransactWrite(connection=connection()) as write:
            fill(write)

    settled(write_all)
