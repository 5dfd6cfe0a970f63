"""Unique names in DynamoDB: which account holds an email, a user name or a number of a register.

The address that an account had before is held for it as long as it can be brought back to it: nobody could undo a
change of email if whoever made it, or anybody, could register with the old one at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Account, Names, fold
from scanward.stores import keys
from scanward.stores.dynamo import TableItem, get_item, sdk_errors_mapped

UNIQUE = "This field must be unique."


class UniqueNameItem(TableItem):
    """EMAIL#folded / MARKER and its like: holds a unique name for one account.

    `expires_at`: of an earlier address, which is free then, whether or not DynamoDB has deleted the item.
    """

    sk = UnicodeAttribute(range_key=True, default=keys.MARKER)
    account_id = NumberAttribute()
    expires_at = NumberAttribute(null=True)


def unique_name_items(account: Account) -> dict[str, UniqueNameItem]:
    """Return field → the marker that holds its name for the account."""
    return {
        field: UniqueNameItem(keys.marker(field, unique_text), account_id=account.id)
        for field, unique_text in account.names.unique_forms().items()
    }


SLACK_SECONDS = 3600  # an undo in the last second of its time still has the name


def earlier_address_items(account: Account) -> list[UniqueNameItem]:
    """Return the markers that hold an account's earlier addresses for it, or none could be brought back."""
    current = account.names.unique_forms().get("email")
    return [
        UniqueNameItem(
            keys.marker("email", fold(address.email)),
            account_id=account.id,
            expires_at=int(address.ends.timestamp()) + SLACK_SECONDS,
        )
        for address in account.earlier_addresses
        if fold(address.email) != current
    ]


def _is_free(now: datetime) -> Any:
    return UniqueNameItem.pk.does_not_exist() | (UniqueNameItem.expires_at < int(now.timestamp()))


def write_new_names(write: TransactWrite, account: Account) -> None:
    """Add the names of a new account to a transaction, on condition that each is free."""
    for marker in unique_name_items(account).values():
        write.save(marker, condition=_is_free(account.created_at))


def write_changed_names(write: TransactWrite, old: Account, new: Account) -> None:
    """Add the differences of names to a transaction: what only the old account has goes, what only the new one has
    comes.
    """
    was, will = _markers(old), _markers(new)
    own, free = UniqueNameItem.account_id == new.id, _is_free(new.updated_at)
    for key, marker in was.items():
        # One whose time is over may be another account's by now; if it is not, DynamoDB deletes it.
        is_over = marker.expires_at and marker.expires_at - SLACK_SECONDS <= new.updated_at.timestamp()
        if key not in will and not is_over:
            write.delete(marker, condition=own)
    for key, marker in will.items():
        if key not in was:
            write.save(marker, condition=free)
        elif marker.expires_at != was[key].expires_at:
            write.save(marker, condition=own | free)


def _markers(account: Account) -> dict[str, UniqueNameItem]:
    return {marker.pk: marker for marker in (*unique_name_items(account).values(), *earlier_address_items(account))}


def _earlier_markers(account: Account) -> list[UniqueNameItem]:
    """Return those markers of earlier addresses that are there, and the account's still."""
    names = [marker.pk for marker in earlier_address_items(account)]
    return [marker for marker in (_read_markers(names) if names else ()) if marker.account_id == account.id]


def write_removed_names(write: TransactWrite, account: Account) -> None:
    """Add the end of all names of an account to a transaction."""
    for marker in unique_name_items(account).values():
        write.delete(marker)
    for marker in _earlier_markers(account):
        write.delete(marker, condition=UniqueNameItem.account_id == account.id)


def find_owner(field: str, text: str) -> int | None:
    """Return the account that holds a name; one round trip, and what was written just now may be missed."""
    name = get_item(UniqueNameItem, keys.marker(field, fold(text)), keys.MARKER, consistent=False)
    return int(name.account_id) if name else None


def find_taken_names(names: Names, now: datetime, owner: int | None) -> dict[str, list[str]]:
    """Return field → text, of those names that belong to an account other than the owner's; one round trip."""
    fields_by_key = {keys.marker(field, unique_text): field for field, unique_text in names.unique_forms().items()}
    if not fields_by_key:
        return {}
    markers = _read_markers(list(fields_by_key))
    taken_names = [
        marker for marker in markers if marker.expires_at is None or marker.expires_at >= int(now.timestamp())
    ]
    return {fields_by_key[marker.pk]: [UNIQUE] for marker in taken_names if marker.account_id != owner}


def _read_markers(names: Sequence[str]) -> list[UniqueNameItem]:
    with sdk_errors_mapped():
        return list(UniqueNameItem.batch_get([(key, keys.MARKER) for key in names], consistent_read=True))
