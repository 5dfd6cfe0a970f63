"""Threads over moto, whose transactions are not safe from each other: one call at a time, each of them atomic."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60  # seconds until a thread that never comes fails the test


@contextmanager
def serialised(clients: Sequence[Any]) -> Iterator[None]:
    """Provide each call of these clients is alone below the SDK, from its first try to its last."""
    alone = threading.RLock()

    def begin(**_: Any) -> None:
        alone.acquire()

    def end(**_: Any) -> None:
        alone.release()

    for client in clients:
        client.meta.events.register_first("before-call", begin)
        client.meta.events.register_last("after-call", end)
        client.meta.events.register_last("after-call-error", end)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", begin)
            client.meta.events.unregister("after-call", end)
            client.meta.events.unregister("after-call-error", end)


def at_once(*calls: Callable[[], T]) -> list[T | Exception]:
    """Return what each of some calls gave or raised, all begun at a barrier."""
    barrier = threading.Barrier(len(calls), timeout=PATIENCE)

    def begin(call: Callable[[], T]) -> T | Exception:
        barrier.wait()
        try:
            return call()
        except Exception as raised:
            return raised

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))
