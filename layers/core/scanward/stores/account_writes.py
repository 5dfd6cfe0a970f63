"""What adding, changing and removing an account writes: its profile, gate, unique names and places in lists."""

from dataclasses import replace

from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Account
from scanward.stores import keys
from scanward.stores.account_items import (
    AdministratorsItem,
    ListItem,
    MarkerItem,
    ProfileItem,
    markers,
    profile_item,
    rows,
)
from scanward.stores.gate_items import GateItem, gate_actions, new_gate
from scanward.stores.session_ends import note_end


def write_new(write: TransactWrite, account: Account, password_hash: str) -> None:
    """Everything of a new account, on condition that neither its id nor a name of its is in use."""
    for marker in markers(account).values():
        write.save(marker, condition=MarkerItem.pk.does_not_exist())
    write.save(profile_item(account, password_hash), condition=ProfileItem.pk.does_not_exist())
    write.save(new_gate(account))
    for row in rows(account):
        write.save(row)
    _count_administrators(write, int(account.is_superuser))


def write_over(
    write: TransactWrite, old: Account, new: Account, password_hash: str, version: int, *, ends_sessions: bool
) -> None:
    """An account over what it was, on condition that its stored `version` is that still."""
    _reconcile(write, old, new)
    write.save(profile_item(new, password_hash, version + 1), condition=ProfileItem.version == version)
    gate = GateItem(keys.account(new.id), keys.GATE)
    write.update(gate, actions=gate_actions(new, ends_sessions=ends_sessions))
    if ends_sessions:
        note_end(write, new.id)
    _count_administrators(write, administers(new) - administers(old))


def write_gone(write: TransactWrite, account: Account, password_hash: str, version: int) -> None:
    """That an account is no more, on condition that its stored `version` is that still.

    Its gate stays, closed, until all else is erased: it knows the departments that are to be left.
    """
    write.delete(profile_item(account, password_hash), condition=ProfileItem.version == version)
    closed = gate_actions(replace(account, is_active=False), ends_sessions=True)
    write.update(GateItem(keys.account(account.id), keys.GATE), actions=closed)
    note_end(write, account.id)
    for item in (*markers(account).values(), *rows(account)):
        write.delete(item)
    _count_administrators(write, -administers(account))


def administers(account: Account) -> int:
    """1 for an account that can administer, else 0."""
    return int(account.is_superuser and account.is_active)


def _reconcile(write: TransactWrite, old: Account, new: Account) -> None:
    """Markers and list places: what only the old account has goes, what only the new one has comes."""
    was, will = _holdings(old), _holdings(new)
    for key in was.keys() - will.keys():
        write.delete(was[key])
    for key in will.keys() - was.keys():
        item = will[key]
        write.save(item, condition=MarkerItem.pk.does_not_exist() if isinstance(item, MarkerItem) else None)


def _holdings(account: Account) -> dict[str, MarkerItem | ListItem]:
    items: list[MarkerItem | ListItem] = [*markers(account).values(), *rows(account)]
    return {item.pk: item for item in items}


def _count_administrators(write: TransactWrite, change: int) -> None:
    if change:
        last = AdministratorsItem.administrators > 1 if change < 0 else None
        write.update(AdministratorsItem(), actions=[AdministratorsItem.administrators.add(change)], condition=last)
