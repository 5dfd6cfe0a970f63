"""Tokens that bring an account back to an earlier address: random, mailed, and kept as hashes alone."""

import hashlib
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from scanward.stores import keys
from scanward.stores.dynamo import TableItem, bind_table, get_item, sdk_errors_mapped, transact_write


class UndoTokenItem(TableItem):
    """UNDO#hash / TOKEN: which account, and which earlier address of it."""

    sk = UnicodeAttribute(range_key=True, default=keys.TOKEN)
    account_id = NumberAttribute()
    address_id = NumberAttribute()
    expires_at = NumberAttribute()


class UndoTokenEntry(TableItem):
    """ACCOUNT#id / UNDO#hash: that there is one, for the account's erasure."""

    expires_at = NumberAttribute()


@dataclass(frozen=True, slots=True)
class UndoPlace:
    """What a token leads to. Whether the account can still be brought back there, the account says."""

    account_id: int
    address_id: int


class UndoTokenStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (UndoTokenItem, UndoTokenEntry):
            bind_table(model, table)

    def add(self, token: str, place: UndoPlace, ends: int) -> None:
        """Keep a token until Unix second `ends`, after which DynamoDB deletes it."""
        token_hash = _hash(token)

        def fill(write: TransactWrite) -> None:
            write.update(
                UndoTokenItem(keys.undo(token_hash)),
                actions=[
                    UndoTokenItem.account_id.set(place.account_id),
                    UndoTokenItem.address_id.set(place.address_id),
                    UndoTokenItem.expires_at.set(ends),
                ],
            )
            entry = UndoTokenEntry(keys.account(place.account_id), keys.undo(token_hash))
            write.update(entry, actions=[UndoTokenEntry.expires_at.set(ends)])

        transact_write(fill)

    def get(self, token: str) -> UndoPlace | None:
        """Return what a token leads to, None for one that was not mailed or is gone; one round trip."""
        item = get_item(UndoTokenItem, keys.undo(_hash(token)), keys.TOKEN)
        return UndoPlace(int(item.account_id), int(item.address_id)) if item else None

    def delete_all(self, account_id: int) -> None:
        """Delete all tokens of an account; what says that there were any is left."""
        prefix = UndoTokenEntry.sk.startswith(keys.UNDO_PREFIX)
        with sdk_errors_mapped(), UndoTokenItem.batch_write() as batch:
            for entry in UndoTokenEntry.query(keys.account(account_id), prefix, consistent_read=True):
                batch.delete(UndoTokenItem(entry.sk))


def _hash(token: str) -> str:
    # It needs neither salt nor slowness: a token is 256 random bits.
    return hashlib.sha256(token.encode()).hexdigest()
