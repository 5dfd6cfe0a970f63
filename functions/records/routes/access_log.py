"""Who was at whose data, and what people were told of who may be."""

from collections.abc import Sequence

from functions.records.schemas.access_log import EntryOut, LogQuery, NotificationOut
from functions.records.usecases import access_log, notifications
from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.care import AccessEntry
from scanward.web.families import Family
from scanward.web.routes import ADMINISTRATORS, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.ENVELOPE)


@routes.get("/users/me/access-log", list[EntryOut], query=LogQuery)
def read_own_log(call: Call[None], deps: RecordDeps) -> Page:
    """List who was at the caller's data, the newest first."""
    return _page(*access_log.read_own_log(deps, call.actor, call.query.page_request()))


@routes.get("/users/me/notifications", list[NotificationOut], query=LogQuery)
def list_own_notifications(call: Call[None], deps: RecordDeps) -> Page:
    """List what the caller was told of who may see their data, the newest first; it is kept for a year."""
    notices, cursor = notifications.list_own_notifications(deps, call.actor, call.query.page_request())
    return Page([NotificationOut.from_domain(notice) for notice in notices], cursor)


@routes.get("/users/{user_id}/access-log", list[EntryOut], query=LogQuery, audience=ADMINISTRATORS)
def read_log_of(call: Call[None], deps: RecordDeps) -> Page:
    """List who was at a person's data; that it was read is logged as well."""
    return _page(*access_log.read_log_of(deps, call.actor, call.path["user_id"], call.query.page_request()))


def _page(entries: Sequence[AccessEntry], cursor: str | None) -> Page:
    return Page([EntryOut.from_domain(entry) for entry in entries], cursor)
