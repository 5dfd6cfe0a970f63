"""Who was at whose data."""

from collections.abc import Sequence

from functions.records.schemas.access_log import EntryOut, LogQuery
from functions.records.usecases import access_log
from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.care import AccessEntry
from scanward.web.families import Family
from scanward.web.routes import ADMINISTRATORS, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.ENVELOPE)


@routes.get("/users/me/access-log", list[EntryOut], query=LogQuery)
def read_own_log(call: Call[None], deps: RecordDeps) -> Page:
    """List who was at the caller's data, the newest first."""
    return _page(*access_log.read_own_log(deps, call.actor, call.query.page_request()))


@routes.get("/users/{user_id}/access-log", list[EntryOut], query=LogQuery, audience=ADMINISTRATORS)
def read_log_of(call: Call[None], deps: RecordDeps) -> Page:
    """List who was at a person's data; that it was read is logged as well."""
    return _page(*access_log.read_log_of(deps, call.actor, call.path["user_id"], call.query.page_request()))


def _page(entries: Sequence[AccessEntry], cursor: str | None) -> Page:
    return Page([EntryOut.from_domain(entry) for entry in entries], cursor)
