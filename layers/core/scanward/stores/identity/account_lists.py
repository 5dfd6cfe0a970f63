"""Lists of accounts by role, activity and approval; their places are written with the accounts."""

from dataclasses import dataclass
from heapq import merge
from itertools import islice

from scanward.domain.accounts import Account, Role
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.stores import keys
from scanward.stores.accounts import AccountEntry, AccountStore
from scanward.stores.dynamo import bind_table, query_rows, sdk_errors_mapped


@dataclass(frozen=True, slots=True)
class AccountFilters:
    """Which accounts are wanted; None where it does not matter."""

    role: Role | None = None
    active: bool | None = None
    approved: bool | None = None


class AccountListStore:
    """The lists that `AccountStore` keeps places in."""

    def __init__(self, table: str, accounts: AccountStore) -> None:
        bind_table(AccountEntry, table)
        self._accounts = accounts

    def all(self, filters: AccountFilters) -> list[Account]:
        """Return all accounts under filters that few pass, such as administrators."""
        lists = (keys.user_list(filters.role, filters.active, filters.approved, n) for n in range(keys.LIST_SHARDS))
        with sdk_errors_mapped():
            ids = sorted((int(item.sk) for key in lists for item in AccountEntry.query(key)), reverse=True)
        return self._accounts.get_many(ids)

    def page(self, filters: AccountFilters, part: PageRange) -> ListPage[Account]:
        """Return accounts, the newest first, or those after the one `part.before`.

        One query a shard, of `part.rows` small rows at most, and one batch of reads.
        """
        older = AccountEntry.sk < keys.sortable(part.before) if part.before is not None else None
        lists = (keys.user_list(filters.role, filters.active, filters.approved, n) for n in range(keys.LIST_SHARDS))
        shards = [[int(item.sk) for item in query_rows(AccountEntry, key, part, older=older)] for key in lists]
        ids = cut_page(list(islice(merge(*shards, reverse=True), part.rows)), part, int, int)
        return ListPage(self._accounts.get_many(ids.items), ids.last)
