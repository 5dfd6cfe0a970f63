"""What all DynamoDB stores share: the connection, transactions, attributes, the time, and SDK errors as ours."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.constants import STRING
from pynamodb.exceptions import PynamoDBException, TableError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.errors import Conflict, ScanwardError, Unavailable
from scanward.stores.clients import USER_AGENT
from scanward.stores.sdk import CONNECT_SECONDS, FAILURES, READ_SECONDS, register_limits

if TYPE_CHECKING:
    from scanward.domain.pagination import PageRange


class JSONText(Attribute[dict[str, Any]]):
    """A JSON object kept as text: a result is written once and read whole, so no map of typed values is needed."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)

    def deserialize(self, value: Any) -> dict[str, Any]:
        value_map: dict[str, Any] = json.loads(value)
        return value_map


class TableItem(Model):
    """An item with a partition and a sort key. Each class has its table's name for itself: `bind_table` gives it."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        setattr(cls, "Meta", type("Meta", (TableItem.Meta,), {"table_name": ""}))  # noqa: B010 - a class of its own


ItemT = TypeVar("ItemT", bound=TableItem)

MAX_ACTIONS = 100  # of a transaction
CONFLICT_WAITS = (0.01, 0.03, 0.09)  # seconds

_listeners: list[Callable[[str], None]] = []


class ConditionFailed(ScanwardError):
    """A conditional write lost. Stores translate it into what it means for their callers."""

    message = "The condition of a write did not hold"


class WriteConflict(Unavailable):
    """Another transaction is writing one of the items at this moment: neither condition nor outage."""

    message = "The item is being written"


@cache
def connection() -> Connection:
    """Return the process's one connection: a client costs a tenth of a second to make, and each model would make its
    own.
    """
    link = Connection(
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=0,  # `sdk` tries again
    )
    register_limits(link.session.get_component("event_emitter"))
    link.session.set_default_client_config(Config(user_agent=USER_AGENT))
    link.session.register("after-call.dynamodb", _report_date)
    return link


def on_response_date(listener: Callable[[str], None]) -> None:
    """Have the date of each answer of DynamoDB told to a listener."""
    _listeners.append(listener)


def retry_on_conflict(write: Callable[[], object]) -> None:
    """Carry out a write; while another transaction holds one of its items, tries again for a tenth of a second.

    Raises ConditionFailed, Unavailable.
    """
    for wait in (*CONFLICT_WAITS, None):
        try:
            with sdk_errors_mapped():
                write()
            return
        except WriteConflict:
            if wait is None:
                raise
            time.sleep(wait * random.uniform(0.5, 1.5))


def bind_table(model: type[Model], table: str) -> None:
    """Point a model at its table, which others may share."""
    model.Meta.table_name = table
    model._connection = None
    link = model._get_connection()
    try:
        _merge_indexes(connection().get_meta_table(table), link.get_meta_table())
    except TableError:
        connection().add_meta_table(link.get_meta_table())
    link.connection = connection()


def _merge_indexes(shared_table: MetaTable, more: MetaTable) -> None:
    """Have the one connection know the indexes of each model of a table: PynamoDB keeps one model's alone."""
    for part, name in (("GlobalSecondaryIndexes", "IndexName"), ("AttributeDefinitions", "AttributeName")):
        there = shared_table.data.setdefault(part, [])
        names = {entry[name] for entry in there}
        there += [entry for entry in more.data.get(part, ()) if entry[name] not in names]


def get_item(kind: type[ItemT], key: str, sort: str, *, consistent: bool = True) -> ItemT | None:
    """Return the item, or None when there is none; one round trip. Raises Unavailable."""
    with sdk_errors_mapped():
        try:
            return kind.get(key, sort, consistent_read=consistent)
        except kind.DoesNotExist:
            return None


def query_rows(
    kind: type[ItemT],
    key: str,
    part: "PageRange",
    *,
    older: Condition | None,
    stays: Condition | None = None,
) -> list[ItemT]:
    """Return the newest items under a key that a page needs, by one query.

    `older` bounds the sort key, `stays` filters what was read. Raises Unavailable when DynamoDB does not answer.
    """
    with sdk_errors_mapped():
        rows = kind.query(
            key, older, stays, consistent_read=part.is_consistent, scan_index_forward=False, limit=part.rows
        )
        return list(rows)


@contextmanager
def sdk_errors_mapped() -> Iterator[None]:
    """Turn SDK errors inside into ConditionFailed or Unavailable, with the original as their cause."""
    try:
        yield
    except PynamoDBException as failure:
        if "ConditionalCheckFailed" in _codes(failure):
            raise ConditionFailed from failure
        if "TransactionConflict" in _codes(failure):
            raise WriteConflict from failure
        raise Unavailable from failure
    except FAILURES as failure:
        raise Unavailable from failure


def _report_date(**call: Any) -> None:
    date = call["parsed"].get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    for listener in _listeners if date else ():
        listener(date)


def _codes(failure: PynamoDBException) -> set[str]:
    """Return what DynamoDB names as causes: of the call, or of each item of a transaction."""
    reasons = getattr(failure, "cancellation_reasons", None) or []
    answer = getattr(failure.cause, "response", None) or {}  # botocore's timeouts have one that is None
    codes = {answer.get("Error", {}).get("Code", "").removesuffix("Exception")}
    return codes | {reason.code for reason in reasons if reason is not None}


def to_ms(when: datetime) -> int:
    """Return Unix milliseconds of an aware datetime."""
    return round(when.timestamp() * 1000)


def from_ms(ms: float) -> datetime:
    """Return the aware UTC datetime of Unix milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def transact_write(fill: Callable[[TransactWrite], None]) -> None:
    """Carry out one transaction, built anew for each try. Raises ConditionFailed, Unavailable."""

    def write_all() -> None:
        with TransactWrite(connection=connection()) as write:
            fill(write)

    retry_on_conflict(write_all)


def has_written(fill: Callable[[TransactWrite], None]) -> bool:
    """Carry out one transaction, and tell whether its conditions held. Raises Unavailable."""
    try:
        transact_write(fill)
    except ConditionFailed:
        return False
    return True


def transact_write_or_conflict(fill: Callable[[TransactWrite], None]) -> None:
    """Carry out one transaction whose failed condition means that another writer was first.

    Raises Conflict, Unavailable.
    """
    try:
        transact_write(fill)
    except ConditionFailed as error:
        raise Conflict from error


TOLERANCE = timedelta(seconds=5)  # an answer's way, and the whole seconds that it is dated in


class StoreClock:
    """This machine's clock, put right by the date of DynamoDB's last answer when the two differ by more than that."""

    def __init__(self, own: Callable[[], datetime]) -> None:
        self._own = own
        self._ahead = timedelta()
        on_response_date(self._set_offset)

    def now(self) -> datetime:
        """Return the time; before the first answer it is this machine's."""
        return self._own() - self._ahead

    def _set_offset(self, date: str) -> None:
        ahead = self._own() - parsedate_to_datetime(date)
        self._ahead = ahead if abs(ahead) > TOLERANCE else timedelta()
