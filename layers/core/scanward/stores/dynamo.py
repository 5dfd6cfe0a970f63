"""What all DynamoDB stores share: how a model finds its table, and what SDK failures become."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TableError
from pynamodb.models import Model

from scanward.errors import ScanwardError, Unavailable

CONNECT_SECONDS = 1
READ_SECONDS = 2
TRIES = 3


class ConditionFailed(ScanwardError):
    """A conditional write lost. Stores translate it into what it means for their callers."""

    message = "The condition of a write did not hold"


@cache
def connection() -> Connection:
    """The process's one connection: a client costs a tenth of a second to make, and each model would make its own.

    Its timeouts end before the gateway's own.
    """
    return Connection(
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=TRIES - 1,
    )


def bind(model: type[Model], table: str) -> None:
    """Points a model at its table. Where models share a table, the one with the table's indexes is bound first."""
    model.Meta.table_name = table
    model._connection = None
    link = model._get_connection()
    try:
        connection().get_meta_table(table)
    except TableError:
        connection().add_meta_table(link.get_meta_table())
    link.connection = connection()


@contextmanager
def translated() -> Iterator[None]:
    """SDK failures inside become ConditionFailed or Unavailable, with the original as their cause."""
    try:
        yield
    except PynamoDBException as failure:
        if _condition_failed(failure):
            raise ConditionFailed from failure
        raise Unavailable from failure


def _condition_failed(failure: PynamoDBException) -> bool:
    if failure.cause_response_code == "ConditionalCheckFailedException":
        return True
    reasons = getattr(failure, "cancellation_reasons", None) or []
    return any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons)


def to_ms(when: datetime) -> int:
    """Unix milliseconds of an aware datetime."""
    return round(when.timestamp() * 1000)


def from_ms(ms: float) -> datetime:
    """The aware UTC datetime of Unix milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)
