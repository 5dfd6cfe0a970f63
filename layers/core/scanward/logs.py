"""What may be logged of an unforeseen failure."""

from collections.abc import Callable, Iterator
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar

from aws_lambda_powertools import Logger

R = TypeVar("R")


def log_failure(log: Logger, failure: Exception) -> None:
    """Log a failure's type and where it came from. Its message may hold what a caller sent, and is left out."""
    log.error("unforeseen", extra={"error": type(failure).__name__, "at": list(_frames(failure.__traceback__))})


def log_failures(log: Logger) -> Callable[[Callable[[R], Any]], Callable[[R], Any]]:
    """Return a record handler whose failures are logged before the batch takes note of them, which it does in
    silence.
    """

    def wrap(handle: Callable[[R], Any]) -> Callable[[R], Any]:
        @wraps(handle)
        def handle_logged(record: R) -> Any:
            try:
                return handle(record)
            except Exception as failure:
                log_failure(log, failure)
                raise

        return handle_logged

    return wrap


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace:
        code = trace.tb_frame.f_code
        yield f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
