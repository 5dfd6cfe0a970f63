"""The access log (the audit log of other systems): its entries and their seals as DynamoDB items, and reading them."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.access_seals import Image, Seal, SealedRow, digest_of, hash_reason, make_seal
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.dynamo import (
    ConditionFailed,
    JSONText,
    TableItem,
    bind_table,
    connection,
    from_ms,
    query_rows,
    sdk_errors_mapped,
    to_ms,
)

_CHANCE_BITS = 48
_SEAL_TRIES = 5


class AccessItem(TableItem):
    """ACCESS#patient / time#random: one entry of the access log.

    An erasure takes `reason` and `reason_salt` away, and nothing else ever changes; the seal is over `reason_hash`.
    """

    at_ms = NumberAttribute()
    actor_id = NumberAttribute()
    actor_role = UnicodeAttribute()
    action = UnicodeAttribute()
    resource = UnicodeAttribute()
    resource_id = NumberAttribute()
    reason = UnicodeAttribute(null=True)
    reason_salt = UnicodeAttribute(null=True)
    reason_hash = UnicodeAttribute(null=True)
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
    salt = secrets.token_hex(16) if entry.reason else None
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
        reason_salt=salt,
        reason_hash=hash_reason(salt, entry.reason) if salt and entry.reason else None,
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


class SealItem(TableItem):
    """SEALS#patient / number. `rows`: sort key → when it was written, and the hash of what it said."""

    at_ms = NumberAttribute()
    previous = UnicodeAttribute()
    rows = JSONText()
    hash = UnicodeAttribute()


class ChainEntry(TableItem):
    """CHAINS#shard / patient: an access log that has seals, and since when."""

    began_ms = NumberAttribute()


def sealed_row_of(change: dict[str, Any]) -> tuple[int, SealedRow]:
    """Return whose log a new entry is in, and what is sealed of it, from a record of the table's stream."""
    image: Image = change["NewImage"]
    row = SealedRow(image["sk"]["S"], int(change["ApproximateCreationDateTime"]), digest_of(image))
    return keys.number(image["pk"]["S"]), row


class SealStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        self._table = table
        for model in (SealItem, ChainEntry):
            bind_table(model, table)

    def append(self, owner_id: int, rows: Sequence[SealedRow], now: datetime) -> None:
        """Seal new entries of a log; those that its last seal holds already are left out.

        Two round trips, three for the first seal of a log. Raises Conflict when others seal the same log all the time.
        """
        for _ in range(_SEAL_TRIES):
            seal = make_seal(self._last(owner_id), owner_id, rows, to_ms(now))
            if seal is None:
                return
            try:
                _save_seal(seal)
            except ConditionFailed:  # another one came first, or the acknowledgement of this one was lost
                continue
            return
        raise Conflict

    def seals(self, owner_id: int) -> Iterator[Seal]:
        """Yield the seals of a log in their order, a page at a time, strongly consistent."""
        with sdk_errors_mapped():
            yield from map(_seal_of, SealItem.query(keys.seals(owner_id), consistent_read=True))

    def images(self, owner_id: int) -> Iterator[Image]:
        """Yield the entries of a log by time as DynamoDB holds them, a page at a time, strongly consistent."""
        start = None
        while True:
            with sdk_errors_mapped():
                page = connection().query(
                    self._table, keys.access(owner_id), consistent_read=True, exclusive_start_key=start
                )
            yield from page["Items"]
            start = page.get("LastEvaluatedKey")
            if start is None:
                return

    def chains(self) -> Iterator[tuple[int, datetime]]:
        """Yield the logs that have seals, each with the time of its first."""
        for shard in range(keys.LIST_SHARDS):
            with sdk_errors_mapped():
                for entry in ChainEntry.query(keys.chains(shard), consistent_read=True):
                    yield int(entry.sk), from_ms(entry.began_ms)

    def _last(self, owner_id: int) -> Seal | None:
        with sdk_errors_mapped():
            items = SealItem.query(keys.seals(owner_id), consistent_read=True, scan_index_forward=False, limit=1)
            return next(map(_seal_of, items), None)


def _save_seal(seal: Seal) -> None:
    """Put a seal where none is; before the first one, its log into the list. Raises ConditionFailed, Unavailable."""
    if seal.number == 1:
        place = keys.chains(keys.list_shard(seal.owner_id)), keys.sortable(seal.owner_id)
        with suppress(ConditionFailed), sdk_errors_mapped():
            ChainEntry(*place, began_ms=seal.at_ms).save(condition=ChainEntry.pk.does_not_exist())
    with sdk_errors_mapped():
        _seal_item(seal).save(condition=SealItem.pk.does_not_exist())


def _seal_item(seal: Seal) -> SealItem:
    return SealItem(
        keys.seals(seal.owner_id),
        keys.sortable(seal.number),
        at_ms=seal.at_ms,
        previous=seal.previous,
        rows={row.place: [row.written_at, row.digest] for row in seal.rows},
        hash=seal.hash,
    )


def _seal_of(item: SealItem) -> Seal:
    return Seal(
        owner_id=keys.number(item.pk),
        number=int(item.sk),
        at_ms=int(item.at_ms),
        previous=item.previous,
        rows=tuple(SealedRow(place, written_at, digest) for place, (written_at, digest) in item.rows.items()),
        hash=item.hash,
    )
