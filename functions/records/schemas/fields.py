"""Fields that several routes of this slice share."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from functions.records.usecases.windows import Window
from scanward.domain.accounts import MAX_FOLDED_BYTES, Gender, fold
from scanward.domain.ids import MAX_ID
from scanward.web.fields import Body, Line, Printable


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "This field may not be blank.")
    return text


def _short_key(text: str) -> str:
    if len(fold(text).encode()) > MAX_FOLDED_BYTES:
        raise PydanticCustomError("long_name", "This field is too long.")
    return text


NotBlank = AfterValidator(_not_blank)
ShortKey = AfterValidator(_short_key)
Called = Annotated[Line, NotBlank]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=10_000), Printable, NotBlank]
Upper = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)
AnyGender = Annotated[Gender, Upper]
Age = Annotated[int, Field(ge=0, le=150)]
AccountId = Annotated[int, Field(ge=0, le=MAX_ID)]
Version = Annotated[int, Field(ge=1, le=MAX_ID)]


class WindowQuery(Body):
    """A window of a list, newest first: `skip` some, or go on behind a `cursor`."""

    skip: Annotated[int, Field(ge=0, le=1000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None

    def window(self) -> Window:
        return Window(self.skip, self.limit, self.cursor)


class ProseQuery(WindowQuery):
    """The same of a list of long texts, a hundred of which would be more than a function may answer."""

    limit: Annotated[int, Field(ge=1, le=50)] = 50
