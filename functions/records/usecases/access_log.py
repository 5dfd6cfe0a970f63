"""Who was at whose data."""

from collections.abc import Sequence

from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.accounts import Actor
from scanward.domain.care import AccessEntry
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action
from scanward.errors import NotFound
from scanward.security.access import ResourceRef

Entries = tuple[Sequence[AccessEntry], str | None]


def read_own_log(deps: RecordDeps, actor: Actor, request: PageRequest) -> Entries:
    """Return a part of the log about the caller, the newest first, and the cursor of the next."""
    return _page(deps, actor.account_id, request)


def read_log_of(deps: RecordDeps, actor: Actor, account: str, request: PageRequest) -> Entries:
    """Return a part of the log about an account, which outlives it. Raises NotFound for an id without either."""
    account_id = parse_id(account)
    page = _page(deps, account_id, request)
    if not page[0] and deps.accounts.get(account_id) is None:
        raise NotFound
    deps.access.require(actor, Action.READ_ACCESS_LOG, account_id, ResourceRef("access_log", account_id))
    return page


def _page(deps: RecordDeps, account_id: int, request: PageRequest) -> Entries:
    scope = f"access:{account_id}"
    page = deps.access_log.page(account_id, deps.tokens.page_range(request, scope))
    return page.items, deps.tokens.next_cursor(page.last, scope)
