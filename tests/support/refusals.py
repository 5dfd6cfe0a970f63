"""What every refusal has in common."""

import re
from functools import cache

import pytest

from imaging.decode import decode
from imaging.errors import ImageError, Reason
from infra.refusals import sentences
from scanward.domain.tasks import FAILURE_TEXTS, FailureReason
from tests.support.images import PATIENT


def reason(data: bytes) -> Reason:
    """Return why the file is refused; the refusal names no patient and keep no error that might."""
    with pytest.raises(ImageError) as refused:
        decode(data)
    assert PATIENT not in str(refused.value)
    assert refused.value.__cause__ is None
    return refused.value.reason


def is_listed(reason: FailureReason, message: str) -> bool:
    """Tell whether a failed task's message is one of the closed list for its reason."""
    return message == FAILURE_TEXTS[reason] or any(
        pattern.fullmatch(message) for listed, pattern in _patterns() if listed == reason
    )


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return (reason, pattern) of each sentence of the reader; what it puts in is short."""
    parts = [(reason, re.split(r"{.*?}", sentence)) for reason, sentence in sentences()]
    return [(reason, re.compile(".{1,80}".join(map(re.escape, texts)))) for reason, texts in parts]
