"""Faults put in below the SDK: calls that are not answered, and answers that are lost on their way back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse


class _Nothing:
    """The stream of an empty body."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b""


def _refusal(request: Any, status: int) -> AWSResponse:
    no_headers: Any = {}
    return AWSResponse(request.url, status, no_headers, _Nothing())


@contextmanager
def failing(client: Any, operation: str, status: int = 503) -> Iterator[None]:
    """No call of an operation such as `s3.GetObject` is answered but with `status`."""
    event = f"before-send.{operation}"

    def fail(request: Any, **_: Any) -> AWSResponse:
        return _refusal(request, status)

    client.meta.events.register_first(event, fail)
    try:
        yield
    finally:
        client.meta.events.unregister(event, fail)


@contextmanager
def lost_answer(client: Any, operation: str) -> Iterator[list[int]]:
    """The first call of an operation is carried out, but the client sees a 500 and tries again.

    Gives the statuses of the answers that were lost.
    """
    event, lost = f"before-send.{operation}", list[int]()

    def lose(request: Any, **_: Any) -> AWSResponse | None:
        if lost:
            return None
        client.meta.events.unregister(event, lose)
        _, answer = client.meta.events.emit_until_response(event, request=request)
        lost.append(answer.status_code)
        client.meta.events.register_first(event, lose)
        return _refusal(request, 500)

    client.meta.events.register_first(event, lose)
    try:
        yield lost
    finally:
        client.meta.events.unregister(event, lose)
