"""What administrators do with accounts."""

from dataclasses import dataclass, replace

from functions.auth.usecases.dependencies import Auth
from scanward.domain.accounts import PROFESSIONALS, Account
from scanward.domain.ids import parse_id
from scanward.errors import Conflict, NotFound
from scanward.stores.account_lists import AccountPage, Filters
from scanward.stores.accounts import Credentials
from scanward.stores.own_data_queue import Wish


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list. `cursor`: a signed place to begin after, instead of skipping."""

    skip: int
    limit: int
    cursor: str | None


def page(auth: Auth, filters: Filters, window: Window) -> tuple[list[Account], str | None]:
    """A page of accounts, newest first, and the cursor of the next. Raises InvalidCursor."""
    scope = f"users:{filters.role}:{filters.active}:{filters.approved}"
    before = auth.tokens.read_cursor(window.cursor, scope) if window.cursor else None
    found: AccountPage = auth.lists.page(filters, window.skip, window.limit, before)
    return found.accounts, auth.tokens.cursor(found.last, scope) if found.last is not None else None


def read(auth: Auth, account: str) -> Account:
    """The account of either spelling of its id. Raises NotFound."""
    return _found(auth, account).account


def set_active(auth: Auth, account: str, *, active: bool) -> Account:
    """Deactivates, which ends all sessions at once, or reactivates. Raises NotFound, LastAdministrator, Conflict."""
    before = _found(auth, account)
    after = replace(before, account=replace(before.account, is_active=active, updated_at=auth.now()))
    auth.accounts.change(before, after, ends_sessions=not active)
    return after.account


def decide(auth: Auth, account: str, *, approved: bool) -> Account:
    """Approves a professional, or refuses. Raises NotFound, and Conflict for those who need no approval."""
    before = _found(auth, account)
    if before.account.role not in PROFESSIONALS:
        raise Conflict("Only professionals are approved")
    after = replace(before, account=replace(before.account, is_approved=approved, updated_at=auth.now()))
    auth.accounts.change(before, after, ends_sessions=False)
    return after.account


def remove(auth: Auth, account: str) -> None:
    """Forgets an account, its names, sessions and picture, and has all else that is kept of it erased.

    Raises NotFound, LastAdministrator, Conflict.
    """
    gone = _found(auth, account)
    # Asked for first: whatever fails behind it, nothing is left over. The last administrator stays there as well.
    auth.own_data.ask(Wish.ERASURE, gone.account.id)
    auth.accounts.remove(gone)
    if gone.account.profile.image:
        auth.pictures.remove(gone.account.profile.image)


def _found(auth: Auth, account: str) -> Credentials:
    found = auth.accounts.get(parse_id(account))
    if found is None:
        raise NotFound
    return found
