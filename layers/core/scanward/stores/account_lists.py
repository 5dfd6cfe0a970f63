"""Paging through accounts, newest first, at a cost that does not grow with their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from scanward.domain.accounts import Account, Role
from scanward.stores import keys
from scanward.stores.account_items import ListItem
from scanward.stores.accounts import AccountStore
from scanward.stores.dynamo import bind, translated


@dataclass(frozen=True, slots=True)
class Filters:
    """Which accounts are wanted; None where it does not matter."""

    role: Role | None = None
    active: bool | None = None
    approved: bool | None = None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page, and the id after which the next one begins; None when this is the last."""

    accounts: list[Account]
    last: int | None


class AccountLists:
    """The lists that `AccountStore` keeps places in."""

    def __init__(self, table: str, accounts: AccountStore) -> None:
        bind(ListItem, table)
        self._accounts = accounts

    def page(self, filters: Filters, skip: int, limit: int, before: int | None = None) -> AccountPage:
        """Up to `limit` accounts, `skip` after the newest one or after the one `before`.

        One query a shard, of `skip + limit + 1` small rows at most, and one batch of reads.
        """
        wanted = skip + limit + 1
        with translated():
            shards = [list(_shard(filters, shard, wanted, before)) for shard in range(keys.LIST_SHARDS)]
        ids = list(islice(merge(*shards, reverse=True), skip, wanted))
        last = ids[limit - 1] if len(ids) > limit else None
        return AccountPage(self._accounts.many(ids[:limit]), last)


def _shard(filters: Filters, shard: int, wanted: int, before: int | None) -> Iterator[int]:
    key = keys.user_list(filters.role, filters.active, filters.approved, shard)
    below = ListItem.sk < keys.sortable(before) if before is not None else None
    for item in ListItem.query(key, below, scan_index_forward=False, limit=wanted):
        yield int(item.sk)
