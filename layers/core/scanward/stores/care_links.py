"""Care links as lists: whom a patient let in, and who let a professional in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.care import AccessEntry, CareLink
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, access_item
from scanward.stores.care_items import (
    CareItem,
    LinkPlaceItem,
    link_between,
    link_places,
    listed_link_of,
)
from scanward.stores.clinic_lists import Part
from scanward.stores.dynamo import ConditionFailed, bind, to_ms, translated
from scanward.stores.transactions import write_together


@dataclass(frozen=True, slots=True)
class Links:
    """Part of a list. `last`: the place after which the next part begins; None when this is the last."""

    links: Sequence[CareLink]
    last: int | None


class CareLinks:
    """Lists are read strongly consistent: who was parted with is in none at once.

    Raises Unavailable when DynamoDB does not answer.
    """

    def __init__(self, table: str) -> None:
        for model in (CareItem, LinkPlaceItem, AccessItem):
            bind(model, table)

    def of_patient(self, patient_id: int, now: datetime, part: Part) -> Links:
        """The active links of a patient, the newest first; one query."""
        return _listed(keys.doctors_of(patient_id), now, part)

    def of_professional(self, professional_id: int, now: datetime, part: Part) -> Links:
        """The active links to a professional, the newest first; one query."""
        return _listed(keys.patients_of(professional_id), now, part)

    def between(self, patient_id: int, professional_id: int) -> CareLink | None:
        """The link of the two, active or not, strongly consistent."""
        return link_between(patient_id, professional_id)

    def withdraw(self, patient_id: int, professional_id: int, entry: AccessEntry) -> bool:
        """Ends a link at once, with its entry in the log; False when there is none that is active."""
        link = self.between(patient_id, professional_id)
        if link is None or not link.is_active(entry.at):
            return False

        def fill(write: TransactWrite) -> None:
            same = CareItem.since_ms == to_ms(link.since)
            write.delete(CareItem(keys.care(patient_id), keys.link(professional_id)), condition=same)
            for place in link_places(link):
                write.delete(place)
            write.save(access_item(entry))

        try:
            write_together(fill)
        except ConditionFailed:
            return False
        return True


def _listed(key: str, now: datetime, part: Part) -> Links:
    older = LinkPlaceItem.sk < keys.placed(*divmod(part.before, keys.PLACES)) if part.before is not None else None
    active = LinkPlaceItem.ends_ms.does_not_exist() | (LinkPlaceItem.ends_ms > to_ms(now))
    wanted = part.skip + part.limit + 1
    with translated():
        found = LinkPlaceItem.query(key, older, active, consistent_read=True, scan_index_forward=False, limit=wanted)
        items = list(found)[part.skip :]
    last = keys.place(items[part.limit - 1].sk) if len(items) > part.limit else None
    return Links([listed_link_of(item) for item in items[: part.limit]], last)
