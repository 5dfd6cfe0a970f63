"""Failures of queued work are told of, by type and place, before the batch takes note of them."""

import logging

import pytest
from aws_lambda_powertools import Logger

from scanward.logs import log_failures


def test_a_failure_is_logged_without_its_words_and_raised_again(caplog: pytest.LogCaptureFixture) -> None:
    log = Logger(service="silence", logger_handler=logging.NullHandler())
    logging.getLogger("silence").propagate = True

    @log_failures(log)
    def handle(record: str) -> None:
        raise KeyError(f"something of {record}")

    with caplog.at_level("ERROR"), pytest.raises(KeyError):
        handle("Evangelina")
    [told] = [record.__dict__ for record in caplog.records if record.name == "silence"]
    assert told["error"] == "KeyError"
    assert told["at"][-1].endswith(" handle")
    assert "Evangelina" not in repr(told)
