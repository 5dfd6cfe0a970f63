"""The one image of a form."""

from collections.abc import Mapping

from functions.scans.usecases.uploads import Image
from scanward.domain.images import ImageFormat, format_of
from scanward.errors import InvalidFields
from scanward.web.bodies import File

ACCEPTED = ", ".join(ImageFormat)


def one_image(files: Mapping[str, File], field: str) -> Image:
    """The image. Raises InvalidFields unless the form has this file and no other, of an accepted format."""
    if set(files) != {field}:
        raise InvalidFields({field: [f"Send one file, in the field called {field}."]})
    content = files[field].content
    kind = format_of(content)
    if kind is None:
        foreign = f"This is not an image of an accepted format ({ACCEPTED})."
        raise InvalidFields({field: [foreign if content else "The file is empty."]})
    return Image(content, kind)
