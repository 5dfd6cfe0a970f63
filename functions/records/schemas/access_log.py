"""Queries and answers of the access log, and of what people were told of who may see their data."""

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field

from functions.records.usecases.notifications import NamedNotification
from scanward.domain.care import AccessChange, AccessEntry
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


_TEXTS = MappingProxyType(
    {
        AccessChange.BREAK_GLASS: "Looks at your data without having been let in; your access log says for what reason",
        AccessChange.ACCESS_ENDED: "Can no longer see your data",
        AccessChange.ACCESS_RESTORED: "Can see your data again",
    }
)


class NotificationOut(Out):
    """What changed in who may see the caller's data. The name is null once the professional's account is gone."""

    at: datetime
    change: AccessChange
    message: str
    professional_id: int
    professional_name: str | None
    professional_role: str | None
    ends_at: datetime | None

    @classmethod
    def from_domain(cls, notification: NamedNotification) -> Self:
        notice, account = notification.notice, notification.professional
        return cls(
            at=notice.at,
            change=notice.change,
            message=_TEXTS[notice.change],
            professional_id=notice.professional_id,
            professional_name=account.full_name if account else None,
            professional_role=account.role.value if account else None,
            ends_at=notice.ends_at,
        )
