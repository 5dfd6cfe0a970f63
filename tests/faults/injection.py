"""Faults put in below the SDK: calls that never arrive, and answers that are lost on their way back.

botocore asks all listeners of `before-send` and takes the first answer, so moto carries a call out whatever another
listener says: that is where answers get lost. A call that must not arrive is stopped at `before-call`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse, HeadersDict

from scanward.stores.sdk import MAX_TRIES

Parsed = dict[str, Any]
THROTTLED = "ProvisionedThroughputExceededException"


class _Nothing:
    """The stream of an empty body."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b""


@contextmanager
def refused(client: Any, operation: str, status: int, parsed: Parsed, times: int = 10**6) -> Iterator[list[str]]:
    """Provide the first calls of an operation such as `s3.GetObject` do not arrive.

    Gives the names of those that did not.
    """
    event, met = f"before-call.{operation}", list[str]()

    def refuse(model: Any, **_: Any) -> tuple[SimpleNamespace, Parsed] | None:
        if len(met) >= times:
            return None
        met.append(model.name)
        return SimpleNamespace(status_code=status), parsed

    client.meta.events.register_first(event, refuse)
    try:
        yield met
    finally:
        client.meta.events.unregister(event, refuse)


@contextmanager
def failing(client: Any, operation: str, status: int = 503) -> Iterator[None]:
    """Provide no call of an operation arrives; each is answered with `status`, the SDK's own retries included."""
    with refused(client, operation, status, {"Error": {"Code": str(status), "Message": "put in by a test"}}):
        yield


@contextmanager
def conflicts(client: Any, operation: str, times: int) -> Iterator[list[str]]:
    """Provide the first calls of a DynamoDB write meet another transaction on the same item."""
    transaction = operation.endswith("TransactWriteItems")
    code = "TransactionCanceledException" if transaction else "TransactionConflictException"
    parsed: Parsed = {"Error": {"Code": code, "Message": "put in by a test"}}
    if transaction:
        parsed["CancellationReasons"] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    with refused(client=client, operation=operation, status=400, parsed=parsed, times=times) as met:
        yield met


@contextmanager
def lost_answer(client: Any, operation: str) -> Iterator[list[str]]:
    """Provide the first call of an operation is carried out, but the client sees a 500 and try again.

    Gives the calls whose answers were lost.
    """
    event, lost = f"before-send.{operation}", list[str]()

    def lose(request: Any, **_: Any) -> AWSResponse | None:
        if lost:
            return None
        lost.append(operation)
        no_headers: Any = {}
        return AWSResponse(request.url, 500, no_headers, _Nothing())

    client.meta.events.register_first(event, lose)
    try:
        yield lost
    finally:
        client.meta.events.unregister(event, lose)


@contextmanager
def meanwhile(client: Any, operation: str, *acts: Callable[[], object]) -> Iterator[list[bool]]:
    """Before each of the first calls of an operation, somebody else acts. Gives an entry for each who has."""
    event, acted, at_it = f"before-call.{operation}", list[bool](), list[bool]()

    def act(**_: Any) -> None:
        if len(acted) == len(acts) or at_it:
            return
        at_it.append(True)  # their own calls go through
        acts[len(acted)]()
        acted.append(at_it.pop())

    client.meta.events.register_first(event, act)
    try:
        yield acted
    finally:
        client.meta.events.unregister(event, act)


def operation_of(event_name: str) -> str:
    """`before-send.dynamodb.PutItem` → `PutItem`."""
    return event_name.rpartition(".")[2]


@contextmanager
def retried_at_once(client: Any) -> Iterator[list[str]]:
    """Provide the SDK tries again as often as ever, but waits for nothing in between. Gives each try's operation."""
    tries: list[str] = []

    def again(response: Any, operation: Any, attempts: int, caught_exception: Any, **_: Any) -> float | None:
        tries.append(operation.name)
        failed = caught_exception is not None or response[0].status_code >= 500 or _is_throttled(response[1])
        return 0.0 if failed and attempts < MAX_TRIES else None

    client.meta.events.register_first("needs-retry", again)
    try:
        yield tries
    finally:
        client.meta.events.unregister("needs-retry", again)


def _is_throttled(parsed: Parsed) -> bool:
    return bool(parsed.get("Error", {}).get("Code") == THROTTLED)


@contextmanager
def throttled(clients: Sequence[Any], share: float, chance: Random) -> Iterator[list[str]]:
    """Provide a share of all calls does not arrive, for there are too many. Gives the names of those that did not."""
    parsed: Parsed = {"Error": {"Code": THROTTLED, "Message": "put in by a test"}, "ResponseMetadata": {}}
    met: list[str] = []

    def refuse(model: Any, **_: Any) -> tuple[SimpleNamespace, Parsed] | None:
        if chance.random() >= share:
            return None
        met.append(model.name)
        return SimpleNamespace(status_code=400), parsed

    for client in clients:
        client.meta.events.register_first("before-call", refuse)
    try:
        yield met
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", refuse)


@contextmanager
def answered(client: Any, operation: str, answer: Callable[[Any], Any]) -> Iterator[None]:
    """Carry out each try of an operation, and then have it answered by `answer(request)`, unless that
    gives None.
    """
    event = f"before-send.{operation}"

    def say(request: Any, **_: Any) -> Any:
        return answer(request)

    client.meta.events.register_first(event, say)
    try:
        yield
    finally:
        client.meta.events.unregister(event, say)


def http_answer(url: str, status: int, content: bytes = b"", **headers: str) -> AWSResponse:
    """Return an answer of our own making."""
    given: Any = HeadersDict({name.replace("_", "-"): value for name, value in headers.items()})
    return AWSResponse(url, status, given, Body(content))


class Body(BytesIO):
    """A body that may end before its time."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
