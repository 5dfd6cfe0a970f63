"""Bodies, queries and answers of administration."""

from typing import Annotated

from pydantic import Field

from functions.auth.usecases.administration import Verdict
from scanward.domain.accounts import Role
from scanward.domain.windows import Window
from scanward.stores.account_lists import Filters
from scanward.web.fields import Body, Cursor, NotBlank, Printable, Upper


class ListQuery(Body):
    """`GET /users/`: a window of the list, newest first, and filters."""

    skip: Annotated[int, Field(ge=0, le=1000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Cursor | None = None
    role: Annotated[Role, Upper] | None = None
    is_active: bool | None = None
    approved: bool | None = None

    def window(self) -> Window:
        return Window(self.limit, self.cursor, self.skip)

    def filters(self) -> Filters:
        return Filters(self.role, self.is_active, self.approved)


class ActivityBody(Body):
    """`PATCH /users/{id}`."""

    is_active: bool


class ApprovalBody(Body):
    """`POST /users/{id}/approval`. The reason is kept with the decision, and whom it is about can read it."""

    approved: bool
    reason: Annotated[str, Field(min_length=1, max_length=1000), Printable, NotBlank] | None = None

    def verdict(self) -> Verdict:
        return Verdict(self.approved, self.reason)
