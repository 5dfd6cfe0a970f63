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


def read_own_log(deps: RecordDeps, actor: Actor, window: PageRequest) -> Entries:
    """Return a part of the log about the caller, the newest first, and the cursor of the next."""
    return _page(deps, actor.account_id, window)


def read_log_of(deps: RecordDeps, actor: Actor, account: str, window: PageRequest) -> Entries:
    """Return a part of the log about somebody, which stays when they are gone. Raises NotFound for who never was."""
    account_id = parse_id(account)
    page = _page(deps, account_id, window)
    if not page[0] and deps.accounts.get(account_id) is None:
        raise NotFound
    deps.access.require(actor, Action.READ_ACCESS_LOG, account_id, ResourceRef("access_log", account_id))
    return page


def _page(deps: RecordDeps, account_id: int, window: PageRequest) -> Entries:
    scope = f"access:{account_id}"
    before = deps.tokens.read_cursor(window.cursor, scope) if window.cursor else None
    page = deps.access_log.page(account_id, window.limit, before)
    return page.items, deps.tokens.cursor(page.last, scope) if page.last is not None else None
