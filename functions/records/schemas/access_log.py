"""Queries and answers of the access log."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from scanward.domain.care import AccessEntry
from scanward.domain.pagination import PageRequest
from scanward.web.fields import Body, Cursor, Out


class LogQuery(Body):
    """A part of the log."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Cursor | None = None

    def page_request(self) -> PageRequest:
        return PageRequest(self.limit, self.cursor)


class EntryOut(Out):
    """One read or change. `reason`: of who was not let in and looked all the same. `change`: what an administrator did
    to an account, such as `approved`, or the names of the fields that they changed.
    """

    at: datetime
    actor_id: int
    actor_role: str
    action: str
    resource: str
    resource_id: int
    reason: str | None = Field(default=None, exclude_if=lambda reason: reason is None)
    change: str | None = Field(default=None, exclude_if=lambda change: change is None)

    @classmethod
    def from_domain(cls, entry: AccessEntry) -> Self:
        return cls(
            at=entry.at,
            actor_id=entry.actor_id,
            actor_role=entry.actor_role.value,
            action=entry.action,
            resource=entry.resource,
            resource_id=entry.resource_id,
            reason=entry.reason,
            change=entry.change,
        )
