"""What administrators do with accounts; whatever they see or change of others is in the access log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from functions.auth.usecases.credentials import AccountChange, write_change
from functions.auth.usecases.dependencies import AuthDeps
from scanward.domain import accounts
from scanward.domain.accounts import Account, Actor, Decision, Role
from scanward.domain.care import AccessEntry
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action
from scanward.errors import Conflict, NotFound, Unavailable
from scanward.security.access import ResourceRef
from scanward.stores.accounts import Credentials
from scanward.stores.identity.account_lists import AccountFilters
from scanward.stores.queues import RequestKind

RESOURCE = "account"
ONE_TIME_PASSWORD_OFF = "one-time password off"


@dataclass(frozen=True, slots=True)
class ApprovalDecision:
    """Whether a professional is approved, and why."""

    approved: bool
    reason: str | None = None


def list_accounts(
    deps: AuthDeps, actor: Actor, filters: AccountFilters, request: PageRequest
) -> tuple[Sequence[Account], str | None]:
    """Return a page of accounts, newest first, and the cursor of the next. Raises InvalidCursor."""
    scope = f"users:{filters.role}:{filters.active}:{filters.approved}"
    page = deps.lists.page(filters, deps.tokens.page_range(request, scope))
    deps.access.log_listed(actor, Action.READ_ACCOUNT, [account.id for account in page.items], RESOURCE)
    return page.items, deps.tokens.next_cursor(page.last, scope)


def read_account(deps: AuthDeps, actor: Actor, account_id: str) -> Account:
    """Return the account of either spelling of its id. Raises NotFound."""
    account = _get_account(deps, account_id).account
    deps.access.require(actor, Action.READ_ACCOUNT, account.id, ResourceRef(RESOURCE, account.id))
    return account


def set_active(deps: AuthDeps, actor: Actor, account_id: str, *, active: bool) -> Account:
    """Deactivate, which ends all sessions at once, or reactivate. Raises NotFound, LastAdministrator, Conflict."""
    before = _get_account(deps, account_id)
    after = replace(before, account=replace(before.account, is_active=active, updated_at=deps.now()))
    entry = _log_entry(deps, actor, before.account, accounts.describe_change(before.account, after.account))
    with _consequences_enqueued(deps, after.account):
        deps.accounts.change(before, after, ends_sessions=not active, entry=entry)
    return after.account


def decide_approval(deps: AuthDeps, actor: Actor, account_id: str, verdict: ApprovalDecision) -> Account:
    """Approve a professional, or refuse. Raises NotFound, and Conflict for those who need no approval."""
    before = _get_account(deps, account_id)
    decision = Decision(actor.account_id, deps.now(), verdict.reason)
    after = replace(before, account=accounts.decide(before.account, decision, is_approved=verdict.approved))
    entry = _log_entry(deps, actor, before.account, accounts.describe_change(before.account, after.account))
    with _consequences_enqueued(deps, after.account):
        deps.accounts.change(before, after, ends_sessions=False, entry=entry)
    return after.account


def turn_off_one_time_password(deps: AuthDeps, actor: Actor, account_id: str) -> None:
    """Turn another account's one-time passwords off, whose owner has neither phone nor recovery codes.

    The owner is mailed a way to undo it: an administrator may have been talked into it by a thief.
    Raises NotFound, TooManyRequests while the account has had too many addresses, and Conflict for the caller's own:
    who took over a session would turn them off by it.
    """
    if parse_id(account_id) == actor.account_id:
        raise Conflict("Your own are turned off by your password and a code")

    def without_one_time_password(before: Credentials) -> Credentials:
        return replace(before, account=replace(before.account, updated_at=deps.now()), one_time_password=None)

    def log_entry(before: Credentials) -> AccessEntry | None:
        change = ONE_TIME_PASSWORD_OFF if before.has_one_time_password else None
        return _log_entry(deps, actor, before.account, change)

    write_change(
        deps,
        AccountChange(
            lambda: _get_account(deps, account_id), without_one_time_password, ends_sessions=False, log_entry=log_entry
        ),
    )


def remove_account(deps: AuthDeps, actor: Actor, account_id: str) -> None:
    """Forget an account, its names, sessions and picture, and have all else that is kept of it erased.

    It is locked first: nothing is written by who is being removed, and the last administrator stays. Whatever fails
    behind it, the account is there still, and is removed by asking again. Raises NotFound, LastAdministrator, Conflict.
    """
    entry = _log_entry(deps, actor, _get_account(deps, account_id).account, accounts.REMOVAL)
    is_locked = deps.accounts.lock(parse_id(account_id), deps.now(), entry)
    deps.personal_data.enqueue(RequestKind.ERASURE, parse_id(account_id))
    removed_account = deps.accounts.remove(parse_id(account_id), None if is_locked else entry)
    if removed_account and removed_account.profile.image:
        deps.pictures.remove(removed_account.profile.image)


SETTLE_AFTER = timedelta(minutes=1)  # longer than any call of ours takes


@contextmanager
def _consequences_enqueued(deps: AuthDeps, account: Account) -> Iterator[None]:
    """Have done what follows from the change inside, once it is made, whatever fails behind it.

    Patients are told of a refusal and of its end, and questions that wait for a doctor are looked at. It is asked for
    before the change, which a silent queue does not hold up: then it is asked for after it, and where that fails, too,
    the same request does it again.
    """
    waiting = [RequestKind.REFUSAL] if account.is_refused or account.is_approved_again else []
    waiting += [RequestKind.QUESTIONS] if account.role is Role.DOCTOR else []
    with suppress(Unavailable):
        while waiting:
            deps.personal_data.enqueue(waiting[0], account.id, SETTLE_AFTER)
            waiting.pop(0)
    yield
    for kind in waiting:
        deps.personal_data.enqueue(kind, account.id, SETTLE_AFTER)


def _log_entry(deps: AuthDeps, actor: Actor, account: Account, change: str | None) -> AccessEntry | None:
    thing = ResourceRef(RESOURCE, account.id)
    return deps.access.entry(actor, Action.CHANGE_ACCOUNT, account.id, thing, change=change)


def _get_account(deps: AuthDeps, account_id: str) -> Credentials:
    credentials = deps.accounts.get(parse_id(account_id))
    if credentials is None:
        raise NotFound
    return credentials
