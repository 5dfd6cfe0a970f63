"""The access log (the audit log of other systems): its entries as DynamoDB items, and reading it in pages."""

import secrets

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table, from_ms, query_rows, to_ms

_CHANCE_BITS = 48


class AccessItem(TableItem):
    """ACCESS#patient / time#random: one entry of the access log."""

    at_ms = NumberAttribute()
    actor_id = NumberAttribute()
    actor_role = UnicodeAttribute()
    action = UnicodeAttribute()
    resource = UnicodeAttribute()
    resource_id = NumberAttribute()
    reason = UnicodeAttribute(null=True)
    change = UnicodeAttribute(null=True)


class AccessLog:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(AccessItem, table)

    def page(self, patient_id: int, part: PageRange) -> ListPage[AccessEntry]:
        """Return entries about a patient, the newest first, or those before a place; one query."""
        older = AccessItem.sk < _sort_key(part.before) if part.before is not None else None
        rows = query_rows(AccessItem, keys.access(patient_id), part, older=older)
        return cut_page(rows, part, access_of, lambda item: _place(item.sk))


def access_item(entry: AccessEntry) -> AccessItem:
    """Return the item of an entry.

    Entries of one millisecond are told apart by chance, so that none replaces another.
    """
    return AccessItem(
        keys.access(entry.patient_id),
        f"{to_ms(entry.at):013d}#{secrets.token_hex(6)}",
        at_ms=to_ms(entry.at),
        actor_id=entry.actor_id,
        actor_role=entry.actor_role.value,
        action=entry.action,
        resource=entry.resource,
        resource_id=entry.resource_id,
        reason=entry.reason,
        change=entry.change,
    )


NEW: Condition = AccessItem.pk.does_not_exist()
"""Every entry is put on this condition: IAM cannot tell a new row from one that is written over."""


def write_entry(write: TransactWrite, entry: AccessEntry) -> None:
    """Add an entry to a transaction; it is written over no other."""
    write.save(access_item(entry), condition=NEW)


def access_of(item: AccessItem) -> AccessEntry:
    """Return the entry that an item spells."""
    return AccessEntry(
        patient_id=keys.number(item.pk),
        at=from_ms(item.at_ms),
        actor_id=int(item.actor_id),
        actor_role=Role(item.actor_role),
        action=item.action,
        resource=item.resource,
        resource_id=int(item.resource_id),
        reason=item.reason,
        change=item.change,
    )


def _place(key: str) -> int:
    """Return a sort key as a number that a cursor can carry."""
    ms, _, chance = key.partition("#")
    return int(ms) << _CHANCE_BITS | int(chance, 16)


def _sort_key(place: int) -> str:
    return f"{place >> _CHANCE_BITS:013d}#{place & (1 << _CHANCE_BITS) - 1:012x}"
