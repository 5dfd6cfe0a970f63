"""Why an image or a model is not taken. Messages are ours: they never repeat a byte of the file."""

from enum import StrEnum


class Reason(StrEnum):
    """The closed list of reasons for which an image is refused."""

    BAD_INPUT = "BAD_INPUT"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED = "UNSUPPORTED"


class ImageError(Exception):
    """The image cannot be read; `message` may be shown to the person who uploaded it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class ModelError(Exception):
    """The model's files are not what its card says; `message` is for the operator."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def bad_input(message: str) -> ImageError:
    """Return the error for a file that is broken, or not an image of an accepted format."""
    return ImageError(Reason.BAD_INPUT, message)


def too_large(message: str) -> ImageError:
    """Return the error for a file that is whole, as far as its header tells, but beyond the bounds."""
    return ImageError(Reason.TOO_LARGE, message)


def unsupported_format(message: str) -> ImageError:
    """Return the error for an image of an accepted format, in a variant that is not read."""
    return ImageError(Reason.UNSUPPORTED, message)
