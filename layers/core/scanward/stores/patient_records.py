"""Patient records as writings."""

from dataclasses import asdict

from scanward.domain.patient_records import Findings
from scanward.stores import keys
from scanward.stores.writing_items import Kind
from scanward.stores.writings import WritingStore

RECORDS: Kind[Findings] = Kind(keys.RECORD, keys.record, keys.records_of, asdict, lambda said: Findings(**said))


def record_store(table: str) -> WritingStore[Findings]:
    """The store of patient records."""
    return WritingStore(table, RECORDS)
