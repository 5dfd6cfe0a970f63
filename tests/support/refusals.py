"""What every refusal has in common."""

import pytest

from imaging.decode import decode
from imaging.errors import ImageError, Reason
from tests.support.images import PATIENT


def reason(data: bytes) -> Reason:
    """Return why the file is refused; the refusal names no patient and keep no error that might."""
    with pytest.raises(ImageError) as refused:
        decode(data)
    assert PATIENT not in str(refused.value)
    assert refused.value.__cause__ is None
    return refused.value.reason
