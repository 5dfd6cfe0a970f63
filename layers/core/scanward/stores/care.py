"""Care in DynamoDB: care links, connect tokens, and the grants through which another person's data is read."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Actor, Role
from scanward.domain.care import AccessEntry, CareLink, ConnectToken, Glass, Grant, OpenAccess, notification_of_glass
from scanward.domain.departments import Membership
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.domain.policy import Relation
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.access_log import NEW, AccessItem, access_item, write_entry
from scanward.stores.dynamo import (
    MAX_ACTIONS,
    ConditionFailed,
    TableItem,
    WriteConflict,
    bind_table,
    connection,
    from_ms,
    get_item,
    has_written,
    query_rows,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.notifications import NotificationStore
from scanward.stores.rate_limits import GlassRateStore, glass_mark


class CareItem(TableItem):
    """CARE#patient / LINK#professional, DEPARTMENT#department or GLASS#doctor: what opens a patient's data.

    Or what keeps them shut: REFUSED#professional, whom no department opens them to; LEFT#department, which admits the
    patient again by a newer link alone.
    """

    since_ms = NumberAttribute()
    ends_ms = NumberAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class CareLinkEntry(TableItem):
    """PATIENTS#professional / time#patient and DOCTORS#patient / time#professional: a link's places in two lists."""

    ends_ms = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def write_link(write: TransactWrite, link: CareLink, condition: Condition | None = None) -> None:
    """Add a link and its places to a transaction."""
    since, until = to_ms(link.since), to_ms(link.ends_at) if link.ends_at else None
    expiry = int(link.ends_at.timestamp()) if link.ends_at else None
    place = keys.link(link.professional_id)
    item = CareItem(keys.care(link.patient_id), place, since_ms=since, ends_ms=until, expires_at=expiry)
    write.save(item, condition=condition)
    for entry in link_entries(link):
        entry.ends_ms, entry.expires_at = until, expiry
        write.save(entry)


def link_of(item: CareItem) -> CareLink:
    """Return the link that an item spells."""
    return CareLink(keys.number(item.pk), keys.number(item.sk), from_ms(item.since_ms), _end(item))


def link_between(patient_id: int, professional_id: int) -> CareLink | None:
    """Return the link of the two, active or not, strongly consistent; one round trip."""
    item = get_item(CareItem, keys.care(patient_id), keys.link(professional_id))
    return link_of(item) if item else None


def link_of_entry(item: CareLinkEntry) -> CareLink:
    """Return the link that a place in either list spells."""
    owner, (ms, other_id) = keys.number(item.pk), divmod(keys.time_position(item.sk), keys.POSITIONS)
    patient_id, professional_id = (owner, other_id) if item.pk == keys.doctors_of(owner) else (other_id, owner)
    return CareLink(patient_id, professional_id, from_ms(ms), _end(item))


def link_entries(link: CareLink) -> list[CareLinkEntry]:
    """Return the keys of a link's places: in the professional's list, and in the patient's."""
    since, patient_id, professional_id = to_ms(link.since), link.patient_id, link.professional_id
    return [
        CareLinkEntry(keys.patients_of(professional_id), keys.by_time(since, patient_id)),
        CareLinkEntry(keys.doctors_of(patient_id), keys.by_time(since, professional_id)),
    ]


def glass_item(glass: Glass) -> CareItem:
    """Return the item of a broken glass; it goes by itself once it has ended."""
    return CareItem(
        keys.care(glass.patient_id),
        keys.glass(glass.doctor_id),
        since_ms=to_ms(glass.opened_at),
        ends_ms=to_ms(glass.ends_at),
        reason=glass.reason,
        expires_at=int(glass.ends_at.timestamp()),
    )


def glass_of(item: CareItem) -> Glass:
    """Return the broken glass that an item spells."""
    return Glass(keys.number(item.pk), keys.number(item.sk), item.reason or "", from_ms(item.since_ms))


def member_of(item: CareItem) -> Membership:
    """Return the membership that an item spells."""
    return Membership(keys.number(item.pk), keys.number(item.sk), from_ms(item.since_ms))


ENDLESS: Condition = CareItem.pk.exists() & CareItem.ends_ms.does_not_exist()


def is_active(now: datetime) -> Condition:
    """Return the condition that something opens a patient's data still: a link, a membership, a broken glass."""
    stands: Condition = CareItem.pk.exists() & (CareItem.ends_ms.does_not_exist() | (CareItem.ends_ms > to_ms(now)))
    return stands


def _end(item: CareItem | CareLinkEntry) -> datetime | None:
    return from_ms(item.ends_ms) if item.ends_ms is not None else None


class CareStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (CareItem, AccessItem):
            bind_table(model, table)

    def grant(self, actor: Actor, patient_id: int, now: datetime) -> Grant | None:
        """Return what opens the patient's data to the actor, strongly consistent; one round trip."""
        return self.grants(actor, [patient_id], now).get(patient_id)

    def grants(self, actor: Actor, patient_ids: Iterable[int], now: datetime) -> dict[int, Grant]:
        """Return patient → what opens their data to the actor, of those whom something opens; a round trip for each
        100.
        """
        places, patients = _list_keys(actor), list(patient_ids)
        refusal = keys.refusal(actor.account_id)
        looked_at = [*places, refusal] if actor.departments else places
        item_keys = [(keys.care(number), place) for number in patients for place in looked_at]
        departments = [(keys.department(number), keys.DEPARTMENT) for number in actor.departments]
        with sdk_errors_mapped():
            items = CareItem.batch_get(item_keys + departments, consistent_read=True)
            by_id = {(item.pk, item.sk): item for item in items if _opens(item, now)}
        opens = {pk for pk, sk in by_id if sk == keys.DEPARTMENT}
        places = [place for place in places if place in opens or not _is_department(place)]
        grants_by_patient = {}
        for number in patients:
            is_refused = (keys.care(number), refusal) in by_id
            open_places = (place for place in places if (keys.care(number), place) in by_id)
            place = next((one for one in open_places if not (is_refused and _is_department(one))), None)
            if place:
                grants_by_patient[number] = _grant(by_id[keys.care(number), place], number, actor.account_id)
        return grants_by_patient

    def log(self, entry: AccessEntry, grant: Grant | None) -> bool:
        """Write an entry, on the condition that the grant still holds; False when it was withdrawn meanwhile.

        Without a grant (an administrator's) the entry alone is written. One round trip. Three while another
        transaction is at the grant, be it another look of the same two: then the grant is read anew, and the entry
        written when it holds.
        """
        item = access_item(entry)
        if grant:
            try:
                with sdk_errors_mapped(), TransactWrite(connection=connection()) as write:
                    _check(write, grant, entry.at)
                    write.save(item, condition=NEW)
                return True
            except ConditionFailed:
                return False
            except WriteConflict:
                if not self._still_open(grant, entry.at):
                    return False
        with suppress(ConditionFailed), sdk_errors_mapped():  # there already: its acknowledgement alone was lost
            item.save(condition=NEW)
        return True

    def _still_open(self, grant: Grant, now: datetime) -> bool:
        """Tell whether a grant still holds, strongly consistent. Unlike a transaction, a read cannot conflict."""
        item_keys = [(keys.care(grant.patient_id), _sort_key(grant))]
        if grant.department_id is not None:
            item_keys.append((_sort_key(grant), keys.DEPARTMENT))
        refusal = (keys.care(grant.patient_id), keys.refusal(grant.professional_id))
        with sdk_errors_mapped():
            items = {
                (item.pk, item.sk): item for item in CareItem.batch_get([*item_keys, refusal], consistent_read=True)
            }
        is_refused = grant.department_id is not None and refusal in items
        return not is_refused and all(key in items and _opens(items[key], now) for key in item_keys)

    def log_all(self, entries: Iterable[AccessEntry]) -> None:
        """Write what a list showed, 100 entries a round trip; all are durable when it returns.

        By transactions: who may write batches may delete by them.
        """
        waiting = list(entries)
        for start in range(0, len(waiting), MAX_ACTIONS):
            _write_entries(waiting[start : start + MAX_ACTIONS])

    def break_glass(
        self, glass: Glass, entry: AccessEntry, glass_rates: GlassRateStore, notices: NotificationStore
    ) -> None:
        """Let a doctor look for a while, counted, with its entry in the log and the patient's notice, all or nothing.

        One round trip; three more where the count has to forget those of yesterday. Raises TooManyRequests.
        """

        item, mark = access_item(entry), glass_mark(glass.opened_at)

        def fill(write: TransactWrite) -> None:
            write.save(glass_item(glass))
            write.save(item, condition=NEW)
            glass_rates.write_count(write, glass.doctor_id, mark, glass.opened_at)
            notices.write_access(write, notification_of_glass(glass))

        while not has_written(
            fill
        ):  # each time round another glass of the doctor's was faster, and there is room for few
            if get_item(AccessItem, item.pk, item.sk):
                return  # only the acknowledgement was lost
            glass_rates.make_room(glass.doctor_id, glass.opened_at)


def _write_entries(entries: Sequence[AccessEntry]) -> None:
    def fill(write: TransactWrite) -> None:
        for entry in entries:
            write_entry(write, entry)

    transact_write(fill)


def _list_keys(actor: Actor) -> list[str]:
    """Return where a grant may lie, the best first: a broken glass is for who has no other."""
    glass = [keys.glass(actor.account_id)] if actor.role is Role.DOCTOR else []
    return [keys.link(actor.account_id), *map(keys.department, sorted(actor.departments)), *glass]


def _grant(item: CareItem, patient_id: int, actor_id: int) -> Grant:
    if item.sk == keys.link(actor_id):
        return Grant(patient_id, actor_id, Relation.CARE_LINK)
    if item.sk == keys.glass(actor_id):
        return Grant(patient_id, actor_id, Relation.BREAK_GLASS, reason=item.reason)
    return Grant(patient_id, actor_id, Relation.DEPARTMENT, keys.number(item.sk))


def _opens(item: CareItem, now: datetime) -> bool:
    """Tell whether an item opens something.

    A department that is to be closed by a clock ahead of ours opens nothing.
    """
    return item.ends_ms is None or (item.sk != keys.DEPARTMENT and to_ms(now) < item.ends_ms)


def _check(write: TransactWrite, grant: Grant, now: datetime) -> None:
    """Add the grant's conditions to a transaction."""
    write.condition_check(CareItem, keys.care(grant.patient_id), _sort_key(grant), condition=is_active(now))
    if grant.department_id is not None:
        write.condition_check(CareItem, _sort_key(grant), keys.DEPARTMENT, condition=ENDLESS)
        place = keys.care(grant.patient_id), keys.refusal(grant.professional_id)
        write.condition_check(CareItem, *place, condition=CareItem.pk.does_not_exist())


def _is_department(place: str) -> bool:
    return place.startswith(keys.DEPARTMENT_PREFIX)


def _sort_key(grant: Grant) -> str:
    if grant.department_id is not None:
        return keys.department(grant.department_id)
    is_glass = grant.relation is Relation.BREAK_GLASS
    return keys.glass(grant.professional_id) if is_glass else keys.link(grant.professional_id)


class CareLinkStore:
    """Lists are read strongly consistent: who was parted with is in none at once.

    Raises Unavailable when DynamoDB does not answer.
    """

    def __init__(self, table: str) -> None:
        for model in (CareItem, CareLinkEntry, AccessItem):
            bind_table(model, table)

    def of_patient(self, patient_id: int, now: datetime, part: PageRange) -> ListPage[CareLink]:
        """Return the active links of a patient, the newest first; one query."""
        return _page(keys.doctors_of(patient_id), now, part)

    def of_professional(self, professional_id: int, now: datetime, part: PageRange) -> ListPage[CareLink]:
        """Return the active links to a professional, the newest first; one query."""
        return _page(keys.patients_of(professional_id), now, part)

    def open_access(self, patient_id: int, now: datetime) -> OpenAccess:
        """Return all that opens a patient's data, strongly consistent, the newest first; one query."""
        with sdk_errors_mapped():
            rows = list(CareItem.query(keys.care(patient_id), consistent_read=True))
        # The row of a patient's departments has no time.
        items = sorted((row for row in rows if _opens(row, now)), key=lambda row: row.since_ms or 0, reverse=True)
        return OpenAccess(
            links=tuple(link_of(item) for item in items if item.sk.startswith(keys.LINK_PREFIX)),
            memberships=tuple(member_of(item) for item in items if _is_department(item.sk)),
            glasses=tuple(glass_of(item) for item in items if item.sk.startswith(keys.GLASS_PREFIX)),
            refused_ids=frozenset(keys.number(item.sk) for item in items if item.sk.startswith(keys.REFUSAL_PREFIX)),
        )

    def between(self, patient_id: int, professional_id: int) -> CareLink | None:
        """Return the link of the two, active or not, strongly consistent."""
        return link_between(patient_id, professional_id)

    def withdraw(self, patient_id: int, professional_id: int, entry: AccessEntry) -> bool:
        """End a link at once, with its entry in the log; False when there is none that is active.

        The professional is refused from then on, in whichever departments they and the patient are.
        """
        link = self.between(patient_id, professional_id)
        if link is None or not link.is_active(entry.at):
            return False

        def fill(write: TransactWrite) -> None:
            same = CareItem.since_ms == to_ms(link.since)
            write.delete(CareItem(keys.care(patient_id), keys.link(professional_id)), condition=same)
            for place in link_entries(link):
                write.delete(place)
            _write_refusal(write, patient_id, professional_id, entry)

        return has_written(fill)

    def refuse(self, patient_id: int, professional_id: int, entry: AccessEntry) -> bool:
        """Refuse a professional who has no link, with its entry in the log; False when one was made meanwhile."""

        def fill(write: TransactWrite) -> None:
            over = CareItem.pk.does_not_exist() | (CareItem.ends_ms <= to_ms(entry.at))
            place = keys.care(patient_id), keys.link(professional_id)
            write.condition_check(CareItem, *place, condition=over)
            _write_refusal(write, patient_id, professional_id, entry)

        return has_written(fill)


def _write_refusal(write: TransactWrite, patient_id: int, professional_id: int, entry: AccessEntry) -> None:
    write.save(CareItem(keys.care(patient_id), keys.refusal(professional_id), since_ms=to_ms(entry.at)))
    write_entry(write, entry)


def _page(key: str, now: datetime, part: PageRange) -> ListPage[CareLink]:
    older = CareLinkEntry.sk < keys.by_time(*divmod(part.before, keys.POSITIONS)) if part.before is not None else None
    active = CareLinkEntry.ends_ms.does_not_exist() | (CareLinkEntry.ends_ms > to_ms(now))
    rows = query_rows(CareLinkEntry, key, replace(part, is_consistent=True), older=older, stays=active)
    return cut_page(rows, part, link_of_entry, lambda entry: keys.time_position(entry.sk))


class ConnectTokenItem(TableItem):
    """CONNECT#hash / TOKEN, until it is used, revoked or expired."""

    sk = UnicodeAttribute(range_key=True, default=keys.TOKEN)
    professional_id = NumberAttribute()
    ends_ms = NumberAttribute()
    expires_at = NumberAttribute()


class ConnectTokenEntry(TableItem):
    """CONNECTS#professional / hash: what finds a professional's tokens."""

    expires_at = NumberAttribute()


class ConnectTokenStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (ConnectTokenItem, ConnectTokenEntry, CareItem, CareLinkEntry, AccessItem, IdempotencyItem):
            bind_table(model, table)

    def add(self, token: ConnectToken) -> None:
        """Keep a new token."""
        second = int(token.expires_at.timestamp())
        item = ConnectTokenItem(
            keys.connect(token.token_hash),
            professional_id=token.professional_id,
            ends_ms=to_ms(token.expires_at),
            expires_at=second,
        )

        def fill(write: TransactWrite) -> None:
            write.save(item)
            write.save(ConnectTokenEntry(keys.connects_of(token.professional_id), token.token_hash, expires_at=second))

        transact_write(fill)

    def find(self, token_hash: str) -> ConnectToken | None:
        """Return the token, strongly consistent, expired or not; None when it is used, revoked or unknown."""
        item = get_item(ConnectTokenItem, keys.connect(token_hash), keys.TOKEN)
        if item is None:
            return None
        return ConnectToken(token_hash, int(item.professional_id), from_ms(item.ends_ms))

    def revoke(self, token_hash: str, professional_id: int) -> bool:
        """Forget an unused token of the professional's; False when there is none."""

        def fill(write: TransactWrite) -> None:
            item = ConnectTokenItem(keys.connect(token_hash), keys.TOKEN)
            write.delete(item, condition=ConnectTokenItem.professional_id == professional_id)
            write.delete(ConnectTokenEntry(keys.connects_of(professional_id), token_hash))

        return has_written(fill)

    def spend(
        self, token: ConnectToken, link: CareLink, entry: AccessEntry, idempotency_key: IdempotencyKey | None
    ) -> None:
        """Make a link of a token, with its entry in the log, all or nothing; it replaces an earlier link of the two.

        Raises Conflict when the token was used, revoked or expired meanwhile, or the earlier link changed.
        """
        before = link_between(link.patient_id, link.professional_id)

        def fill(write: TransactWrite) -> None:
            item = ConnectTokenItem(keys.connect(token.token_hash), keys.TOKEN)
            write.delete(item, condition=ConnectTokenItem.ends_ms > to_ms(link.since))
            write.delete(ConnectTokenEntry(keys.connects_of(token.professional_id), token.token_hash))
            same = CareItem.since_ms == to_ms(before.since) if before else CareItem.pk.does_not_exist()
            write_link(write, link, same)
            write.delete(CareItem(keys.care(link.patient_id), keys.refusal(link.professional_id)))
            if before and before.since != link.since:
                for place in link_entries(before):
                    write.delete(place)
            write_entry(write, entry)
            if idempotency_key:
                answer = {"professional_id": str(link.professional_id)}
                put_record(write, idempotency_key, answer, entry.at, is_done=True)

        try:
            transact_write(fill)
        except ConditionFailed as error:
            # A link of this very moment is ours: only the acknowledgement was lost.
            if link_between(link.patient_id, link.professional_id) != link:
                raise Conflict from error
