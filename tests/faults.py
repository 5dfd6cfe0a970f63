"""Faults put in below the SDK: calls that never arrive, and answers that are lost on their way back.

botocore asks all listeners of `before-send` and takes the first answer, so moto carries a call out whatever another
listener says: that is where answers get lost. A call that must not arrive is stopped at `before-call`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse

Parsed = dict[str, Any]


class _Nothing:
    """The stream of an empty body."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b""


@contextmanager
def refused(client: Any, operation: str, status: int, parsed: Parsed, times: int = 10**6) -> Iterator[list[str]]:
    """The first calls of an operation such as `s3.GetObject` do not arrive. Gives the names of those that did not."""
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
    """No call of an operation arrives; each is answered with `status`, the SDK's own retries included."""
    with refused(client, operation, status, {"Error": {"Code": str(status), "Message": "put in by a test"}}):
        yield


@contextmanager
def conflicts(client: Any, operation: str, times: int) -> Iterator[list[str]]:
    """The first calls of a DynamoDB write meet another transaction on the same item."""
    transaction = operation.endswith("TransactWriteItems")
    code = "TransactionCanceledException" if transaction else "TransactionConflictException"
    parsed: Parsed = {"Error": {"Code": code, "Message": "put in by a test"}}
    if transaction:
        parsed["CancellationReasons"] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    with refused(client, operation, 400, parsed, times) as met:
        yield met


@contextmanager
def lost_answer(client: Any, operation: str) -> Iterator[list[str]]:
    """The first call of an operation is carried out, but the client sees a 500 and tries again.

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
