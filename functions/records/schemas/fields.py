"""Fields that several routes of this slice share."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scanward.domain.ids import MAX_ID
from scanward.domain.pagination import PageRequest
from scanward.web.fields import Body, Cursor, NotBlank, Printable

Prose = Annotated[str, StringConstraints(min_length=1, max_length=10_000), Printable, NotBlank]
Age = Annotated[int, Field(ge=0, le=150)]
AccountId = Annotated[int, Field(ge=0, le=MAX_ID)]
Version = Annotated[int, Field(ge=1, le=MAX_ID)]


class PageQuery(Body):
    """A window of a list, newest first: `skip` some, or go on behind a `cursor`."""

    skip: Annotated[int, Field(ge=0, le=1000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Cursor | None = None

    def page_request(self) -> PageRequest:
        return PageRequest(self.limit, self.cursor, self.skip)


class ProseQuery(PageQuery):
    """The same of a list of long texts, a hundred of which would be more than a function may answer."""

    limit: Annotated[int, Field(ge=1, le=50)] = 50
