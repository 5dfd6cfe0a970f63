"""Medical histories as writings."""

from dataclasses import asdict

from scanward.domain.histories import Surgery
from scanward.stores import keys
from scanward.stores.writing_items import Kind
from scanward.stores.writings import WritingStore

HISTORIES: Kind[Surgery] = Kind(keys.HISTORY, keys.history, keys.histories_of, asdict, lambda said: Surgery(**said))


def history_store(table: str) -> WritingStore[Surgery]:
    """The store of medical histories."""
    return WritingStore(table, HISTORIES)
