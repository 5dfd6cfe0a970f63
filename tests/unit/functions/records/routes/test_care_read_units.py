"""A page costs the same however long its list is."""

import math
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from scanward import clock
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.care import AccessChange, AccessEntry, AccessNotification, CareLink
from scanward.stores.access_log import AccessItem, access_item
from scanward.stores.accounts import ProfileItem, profile_item
from scanward.stores.care import CareLinkEntry, link_entries
from scanward.stores.dynamo import connection
from scanward.stores.notifications import NotificationStore
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.people import own_id

GROWTH = (100, 900, 9000) if os.environ.get("SCANWARD_FAULTS") == "full" else (100, 900)
UNIT = 4096


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Call, items and read units of 4 KB by operation; a query pays for what it looks at and then leave out."""
    spent: Counter[str] = Counter()

    def count(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        items = [item for found in parsed.get("Responses", {}).values() for item in found] or parsed.get("Items", [])
        looked_at = parsed.get("ScannedCount", len(items))
        each = len(str(items)) / max(1, len(items))
        spent.update({f"{model.name} calls": 1, f"{model.name} items": looked_at})
        spent.update({f"{model.name} units": math.ceil(looked_at * each / UNIT)})

    client: Any = connection().client
    client.meta.events.register("after-call.dynamodb", count)
    try:
        yield spent
    finally:
        client.meta.events.unregister("after-call.dynamodb", count)


def let_in(doctor_id: int, begin: int, many: int) -> None:
    """So many more patients let a doctor in, one a second."""
    began = clock.now() - timedelta(days=1)
    with ProfileItem.batch_write() as profiles, CareLinkEntry.batch_write() as places:
        for nth in range(begin, begin + many):
            person = accounts.register(
                id=nth, role=Role.PATIENT, names=Names(username=f"p{nth:06d}"), profile=Profile(), now=began
            )
            profiles.save(profile_item(person, "no hash"))
            for place in link_entries(CareLink(nth, doctor_id, began + timedelta(seconds=nth))):
                places.save(place)


def look(patient_id: int, begin: int, many: int) -> None:
    """So many more looks at a patient, one a second."""
    began = clock.now() - timedelta(days=1)
    with AccessItem.batch_write() as batch:
        for nth in range(begin, begin + many):
            at = began + timedelta(seconds=nth)
            batch.save(
                access_item(
                    AccessEntry(
                        patient_id=patient_id,
                        at=at,
                        actor_id=7,
                        actor_role=Role.DOCTOR,
                        action="READ_PATIENT",
                        resource="patient",
                        resource_id=patient_id,
                    )
                )
            )


def pages(client: ApiClient, path: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return what the first page costs, the one behind its cursor, and one that skips."""
    with counted() as first:
        reply = client.get(f"{path}?limit=50")
    assert len(reply.data) == 50
    with counted() as second:
        assert len(client.get(f"{path}?limit=10&cursor={reply.json['next']}").data) == 10
    with counted() as third:
        client.get(f"{path}?limit=20")
    return first, second, third


def test_a_page_of_patients_costs_the_same_however_many_there_are(doctor: ApiClient) -> None:
    me, there, costs = own_id(doctor), 1, []
    doctor.get("/patients")
    for more in GROWTH:
        let_in(me, there, more)
        there += more
        costs.append(pages(doctor, "/patients"))
    assert all(cost == costs[0] for cost in costs)
    assert costs[0][0]["Query items"] == 51
    assert "Scan calls" not in costs[0][0]


def test_a_page_of_notifications_costs_the_same_however_many_there_are(ada: ApiClient) -> None:
    me, there, costs = own_id(ada), 1, []
    ada.get("/users/me/notifications")
    store, began = NotificationStore(TABLES["SCANS_TABLE"]), clock.now() - timedelta(days=1)
    for more in GROWTH:
        ats = (began + timedelta(seconds=nth) for nth in range(there, there + more))
        store.put_all(AccessNotification(me, AccessChange.ACCESS_ENDED, 7, at) for at in ats)
        there += more
        costs.append(pages(ada, "/users/me/notifications"))
    assert all(cost == costs[0] for cost in costs)
    assert costs[0][0]["Query items"] == 51
    assert {name.split()[0] for name in costs[0][0]} == {"UpdateItem", "Query", "BatchGetItem"}


def test_a_page_of_the_access_log_costs_the_same_however_long_it_is(ada: ApiClient) -> None:
    me, there, costs = own_id(ada), 1, []
    ada.get("/users/me/access-log")
    for more in GROWTH:
        look(me, there, more)
        there += more
        costs.append(pages(ada, "/users/me/access-log"))
    assert all(cost == costs[0] for cost in costs)
    assert costs[0][0]["Query items"] == 51
    assert {name.split()[0] for name in costs[0][0]} == {"UpdateItem", "Query"}
