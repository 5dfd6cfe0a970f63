"""AWS's answers without AWS: given below the SDK, so that all of the SDK's own work is still done."""

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse

Answer = Callable[[Any], bytes]
"""The request as it would be sent → the body that comes back."""


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class NoAnswer(Exception):
    """A call for which no answer was prepared: nothing here may reach a network."""


@contextmanager
def answer_from_memory(client: Any, answers: Mapping[str, Answer]) -> Iterator[None]:
    """Answer a client from memory while this lasts, by operation, such as `GetItem`.

    Anything else raises Unanswered.
    """
    events, event = client.meta.events, f"before-send.{client.meta.service_model.service_id.hyphenize()}"
    handler = _handler(answers)
    events.register_first(event, handler)
    try:
        yield
    finally:
        events.unregister(event, handler)


def _handler(answers: Mapping[str, Answer]) -> Callable[..., AWSResponse]:
    def give(request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        if operation not in answers:
            raise NoAnswer(event_name)
        body = answers[operation](request)
        headers: Any = {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(body)),
            "x-amzn-RequestId": "K3VQ7N0E5T1F4S9R8P2L6M0C1BVV4KQNSO5AEMVJF66Q9ASUAAJG",
            "x-amz-crc32": str(zlib.crc32(body)),
        }
        raw: Any = _Raw(body)
        return AWSResponse(request.url, 200, headers, raw)

    return give
