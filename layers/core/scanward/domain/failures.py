"""Why a task fails: a closed list, and what people are told. Nothing of it is about a person."""

from enum import StrEnum
from types import MappingProxyType


class FailureReason(StrEnum):
    """The closed list of why a task failed. None of them says anything about a person."""

    BAD_INPUT = "BAD_INPUT"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED = "UNSUPPORTED"
    STORAGE = "STORAGE"
    MODEL = "MODEL"
    UPLOAD_EXPIRED = "UPLOAD_EXPIRED"
    RETRIES_EXHAUSTED = "RETRIES_EXHAUSTED"
    TIMED_OUT = "TIMED_OUT"


FAILURE_TEXTS = MappingProxyType(
    {
        FailureReason.BAD_INPUT: "The image cannot be read",
        FailureReason.TOO_LARGE: "The image is too large",
        FailureReason.UNSUPPORTED: "The image is of a kind that is not accepted",
        FailureReason.STORAGE: "The image could not be fetched or its results not kept",
        FailureReason.MODEL: "The model could not be run",
        FailureReason.UPLOAD_EXPIRED: "The upload never came",
        FailureReason.RETRIES_EXHAUSTED: "The analysis did not succeed after several tries",
        FailureReason.TIMED_OUT: "The analysis was not finished in time",
    }
)
