"""Care links as lists: whom a patient let in, and who let a professional in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.care import AccessEntry, CareLink
from scanward.stores import keys
from scanward.stores.care_items import (
    AccessItem,
    CareItem,
    PatientItem,
    access_item,
    link_of,
    listed_link_of,
    place_item,
)
from scanward.stores.dynamo import ConditionFailed, bind, connection, settled, to_ms, translated

MOST_DOCTORS = 200


@dataclass(frozen=True, slots=True)
class Links:
    """Part of a list. `last`: the place after which the next part begins; None when this is the last."""

    links: Sequence[CareLink]
    last: int | None


class CareLinks:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (CareItem, PatientItem, AccessItem):
            bind(model, table)

    def of_patient(self, patient_id: int, now: datetime) -> list[CareLink]:
        """The active links of a patient, the newest first."""
        with translated():
            prefix = CareItem.sk.startswith(keys.LINK_PREFIX)
            found = CareItem.query(keys.care(patient_id), prefix, consistent_read=True, limit=MOST_DOCTORS)
            links = [link_of(item) for item in found]
        return sorted((link for link in links if link.is_active(now)), key=lambda link: link.since, reverse=True)

    def of_professional(
        self, professional_id: int, now: datetime, skip: int, limit: int, before: int | None = None
    ) -> Links:
        """Up to `limit` active links, `skip` after the newest one or after the one at `before`; one query."""
        older = PatientItem.sk < keys.placed(*divmod(before, keys.PLACES)) if before is not None else None
        active = PatientItem.ends_ms.does_not_exist() | (PatientItem.ends_ms > to_ms(now))
        wanted = skip + limit + 1
        with translated():
            found = PatientItem.query(
                keys.patients_of(professional_id),
                older,
                active,
                consistent_read=True,
                scan_index_forward=False,
                limit=wanted,
            )
            items = list(found)[skip:]
        last = keys.place(items[limit - 1].sk) if len(items) > limit else None
        return Links([listed_link_of(item) for item in items[:limit]], last)

    def withdraw(self, patient_id: int, professional_id: int, entry: AccessEntry) -> bool:
        """Ends a link at once, with its entry in the log; False when there is none."""
        with translated():
            try:
                item = CareItem.get(keys.care(patient_id), keys.link(professional_id), consistent_read=True)
            except CareItem.DoesNotExist:
                return False
        link = link_of(item)

        def write_all() -> None:
            with TransactWrite(connection=connection()) as write:
                write.delete(item, condition=CareItem.since_ms == item.since_ms)
                write.delete(place_item(link))
                write.save(access_item(entry))

        try:
            settled(write_all)
        except ConditionFailed:
            return False
        return link.is_active(entry.at)
