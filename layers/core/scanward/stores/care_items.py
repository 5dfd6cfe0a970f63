"""How care is spelled as DynamoDB items."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.care import CareLink, Glass
from scanward.stores import keys
from scanward.stores.dynamo import from_ms, to_ms, translated


class CareItem(Model):
    """CARE#patient / LINK#professional, DEPARTMENT#department or GLASS#doctor: what opens a patient's data."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    since_ms = NumberAttribute()
    ends_ms = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class LinkPlaceItem(Model):
    """PATIENTS#professional / time#patient and DOCTORS#patient / time#professional: a link's places in two lists."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ends_ms = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def write_link(write: TransactWrite, link: CareLink, condition: Condition | None = None) -> None:
    """Adds a link and its places to a transaction."""
    since, until = to_ms(link.since), to_ms(link.ends_at) if link.ends_at else None
    gone = int(link.ends_at.timestamp()) if link.ends_at else None
    place = keys.link(link.professional_id)
    item = CareItem(keys.care(link.patient_id), place, since_ms=since, ends_ms=until, expires_at=gone)
    write.save(item, condition=condition)
    for listed in link_places(link):
        listed.ends_ms, listed.expires_at = until, gone
        write.save(listed)


def link_of(item: CareItem) -> CareLink:
    """The link that an item spells."""
    return CareLink(keys.number(item.pk), keys.number(item.sk), from_ms(item.since_ms), _end(item))


def link_between(patient_id: int, professional_id: int) -> CareLink | None:
    """The link of the two, active or not, strongly consistent; one round trip."""
    with translated():
        try:
            return link_of(CareItem.get(keys.care(patient_id), keys.link(professional_id), consistent_read=True))
        except CareItem.DoesNotExist:
            return None


def listed_link_of(item: LinkPlaceItem) -> CareLink:
    """The link that a place in either list spells."""
    owner, (ms, listed) = keys.number(item.pk), divmod(keys.place(item.sk), keys.PLACES)
    patient_id, professional_id = (owner, listed) if item.pk == keys.doctors_of(owner) else (listed, owner)
    return CareLink(patient_id, professional_id, from_ms(ms), _end(item))


def link_places(link: CareLink) -> list[LinkPlaceItem]:
    """The keys of a link's places: in the professional's list, and in the patient's."""
    since, patient_id, professional_id = to_ms(link.since), link.patient_id, link.professional_id
    return [
        LinkPlaceItem(keys.patients_of(professional_id), keys.placed(since, patient_id)),
        LinkPlaceItem(keys.doctors_of(patient_id), keys.placed(since, professional_id)),
    ]


def glass_item(glass: Glass) -> CareItem:
    """The item of a broken glass; it goes by itself once it has ended."""
    return CareItem(
        keys.care(glass.patient_id),
        keys.glass(glass.doctor_id),
        since_ms=to_ms(glass.opened_at),
        ends_ms=to_ms(glass.ends_at),
        reason=glass.reason,
        expires_at=int(glass.ends_at.timestamp()),
    )


ENDLESS: Condition = CareItem.pk.exists() & CareItem.ends_ms.does_not_exist()


def holds(now: datetime) -> Condition:
    """That something opens a patient's data still: a link, a membership, a broken glass."""
    stands: Condition = CareItem.pk.exists() & (CareItem.ends_ms.does_not_exist() | (CareItem.ends_ms > to_ms(now)))
    return stands


def _end(item: CareItem | LinkPlaceItem) -> datetime | None:
    return from_ms(item.ends_ms) if item.ends_ms is not None else None
