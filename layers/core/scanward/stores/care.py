"""Care links, memberships of departments, and the access log that every grant is used through."""

from collections.abc import Iterable
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Actor, Role
from scanward.domain.care import AccessEntry, Glass, Grant
from scanward.domain.policy import Relation
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, access_item
from scanward.stores.care_items import ENDLESS, CareItem, glass_item, holds
from scanward.stores.dynamo import ConditionFailed, WriteConflict, bind, connection, to_ms, translated
from scanward.stores.transactions import write_together


class CareStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (CareItem, AccessItem):
            bind(model, table)

    def grant(self, actor: Actor, patient_id: int, now: datetime) -> Grant | None:
        """What opens the patient's data to the actor, strongly consistent; one round trip."""
        return self.grants(actor, [patient_id], now).get(patient_id)

    def grants(self, actor: Actor, patient_ids: Iterable[int], now: datetime) -> dict[int, Grant]:
        """Patient → what opens their data to the actor, of those whom something opens; a round trip for each 100."""
        places, patients = _places(actor), list(patient_ids)
        wanted = [(keys.care(number), place) for number in patients for place in places]
        departments = [(keys.department(number), keys.DEPARTMENT) for number in actor.departments]
        with translated():
            held = CareItem.batch_get(wanted + departments, consistent_read=True)
            found = {(item.pk, item.sk): item for item in held if _opens(item, now)}
        opens = {pk for pk, sk in found if sk == keys.DEPARTMENT}
        places = [place for place in places if place in opens or not place.startswith(keys.DEPARTMENT_PREFIX)]
        opened = {}
        for number in patients:
            place = next((place for place in places if (keys.care(number), place) in found), None)
            if place:
                opened[number] = _grant(found[keys.care(number), place], number, actor.account_id)
        return opened

    def log(self, entry: AccessEntry, grant: Grant | None) -> bool:
        """Writes an entry, on the condition that the grant still holds; False when it was withdrawn meanwhile.

        Without a grant (an administrator's) the entry alone is written. One round trip. Three while another
        transaction is at the grant, be it another look of the same two: then the grant is read anew, and the entry
        written when it holds.
        """
        item = access_item(entry)
        if grant:
            try:
                with translated(), TransactWrite(connection=connection()) as write:
                    _check(write, grant, entry.at)
                    write.save(item)
                return True
            except ConditionFailed:
                return False
            except WriteConflict:
                if not self._holds(grant, entry.at):
                    return False
        with translated():
            item.save()
        return True

    def _holds(self, grant: Grant, now: datetime) -> bool:
        """Whether a grant still holds, strongly consistent. Unlike a transaction, a read is refused to nobody."""
        wanted = [(keys.care(grant.patient_id), _place(grant))]
        if grant.department_id is not None:
            wanted.append((_place(grant), keys.DEPARTMENT))
        with translated():
            found = list(CareItem.batch_get(wanted, consistent_read=True))
        return len(found) == len(wanted) and all(_opens(item, now) for item in found)

    def log_all(self, entries: Iterable[AccessEntry]) -> None:
        """Writes what a list showed, 25 entries a round trip; all are durable when it returns."""
        with translated(), AccessItem.batch_write() as batch:
            for entry in entries:
                batch.save(access_item(entry))

    def break_glass(self, glass: Glass, entry: AccessEntry) -> None:
        """Lets a doctor look for a while, with its entry in the log, both or none."""

        def fill(write: TransactWrite) -> None:
            write.save(glass_item(glass))
            write.save(access_item(entry))

        write_together(fill)


def _places(actor: Actor) -> list[str]:
    """Where a grant may lie, the best first: a broken glass is for who has no other."""
    glass = [keys.glass(actor.account_id)] if actor.role is Role.DOCTOR else []
    return [keys.link(actor.account_id), *map(keys.department, sorted(actor.departments)), *glass]


def _grant(item: CareItem, patient_id: int, actor_id: int) -> Grant:
    if item.sk == keys.link(actor_id):
        return Grant(patient_id, actor_id, Relation.CARE_LINK)
    if item.sk == keys.glass(actor_id):
        return Grant(patient_id, actor_id, Relation.BREAK_GLASS, reason=item.reason)
    return Grant(patient_id, actor_id, Relation.DEPARTMENT, keys.number(item.sk))


def _opens(item: CareItem, now: datetime) -> bool:
    """Whether an item opens something. A department that is to be closed by a clock ahead of ours opens nothing."""
    return item.ends_ms is None or (item.sk != keys.DEPARTMENT and to_ms(now) < item.ends_ms)


def _check(write: TransactWrite, grant: Grant, now: datetime) -> None:
    """The same as conditions of a transaction."""
    write.condition_check(CareItem, keys.care(grant.patient_id), _place(grant), condition=holds(now))
    if grant.department_id is not None:
        write.condition_check(CareItem, _place(grant), keys.DEPARTMENT, condition=ENDLESS)


def _place(grant: Grant) -> str:
    if grant.department_id is not None:
        return keys.department(grant.department_id)
    broken = grant.relation is Relation.BREAK_GLASS
    return keys.glass(grant.professional_id) if broken else keys.link(grant.professional_id)
