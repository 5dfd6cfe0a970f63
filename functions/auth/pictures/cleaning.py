"""From what somebody sends to what may be kept."""

from dataclasses import dataclass

from functions.auth.pictures import jpeg, png
from functions.auth.pictures.broken import BrokenPicture
from scanward.domain.images import CONTENT_TYPE_OF, ImageFormat, format_of
from scanward.errors import InvalidFields

MAX_BYTES = 2_000_000
TOO_LARGE = "A picture has at most 2,000,000 bytes."
BROKEN = "Send a picture as a JPEG or PNG file."


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that says nothing of where and when it was taken. `suffix`: of a file's name."""

    content: bytes
    content_type: str
    suffix: str


def clean(content: bytes) -> Picture:
    """The picture in a file, whatever its name says. Raises InvalidFields."""
    if len(content) > MAX_BYTES:
        raise InvalidFields({"image": [TOO_LARGE]})
    kind = format_of(content[:8])
    try:
        if kind is ImageFormat.JPEG:
            return Picture(jpeg.cleaned(content), CONTENT_TYPE_OF[kind], "jpg")
        if kind is ImageFormat.PNG:
            return Picture(png.cleaned(content), CONTENT_TYPE_OF[kind], "png")
    except BrokenPicture as broken:
        raise InvalidFields({"image": [BROKEN]}) from broken
    raise InvalidFields({"image": [BROKEN]})
