"""More care links than any one answer holds: none is cut off in silence."""

import json
from datetime import timedelta
from typing import Any

from pynamodb.transactions import TransactWrite

from scanward import clock
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.care import CareLink
from scanward.stores.accounts import ProfileItem, profile_item
from scanward.stores.care import CareLinkStore, write_link
from scanward.stores.dynamo import connection
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.departments import admit, assign, department
from tests.support.links import add_link, connect, log_of
from tests.support.own_data import deliver
from tests.support.people import own_id
from tests.unit.functions.records.routes.test_care import end_links
from tests.unit.functions.records.usecases.test_personal_data_exports import packed_list

MANY = 205
LINKS_AT_ONCE = 33  # of three items each: a transaction takes a hundred


def link_many(me: int, role: Role) -> list[int]:
    """So many links, one a second, to professionals of this role or from patients; the others, the newest first."""
    began = clock.now() - timedelta(days=1)
    CareLinkStore(TABLES["CLINIC_TABLE"])  # which binds the items
    others = range(1, MANY + 1)
    with ProfileItem.batch_write() as profiles:
        for nth in others:
            person = accounts.register(
                id=nth, role=role, names=Names(username=f"o{nth:06d}"), profile=Profile(), now=began
            )
            profiles.save(profile_item(person, "no hash"))
    for some in range(0, MANY, LINKS_AT_ONCE):
        with TransactWrite(connection=connection()) as write:
            for nth in others[some : some + LINKS_AT_ONCE]:
                since = began + timedelta(seconds=nth)
                write_link(write, CareLink(nth, me, since) if role is Role.PATIENT else CareLink(me, nth, since))
    return list(reversed(others))


def all_pages(client: ApiClient, path: str) -> list[int]:
    """Return the ids of a list, page by page."""
    found: list[int] = []
    query: dict[str, Any] = {}
    while True:
        reply = client.get(f"{path}?limit=60" + "".join(f"&{name}={value}" for name, value in query.items()))
        found += [one["id"] for one in reply.data]
        if "next" not in reply.json:
            return found
        query = {"cursor": reply.json["next"]}


def test_a_patient_sees_all_whom_they_let_in_newest_first(ada: ApiClient) -> None:
    doctors = link_many(own_id(ada), Role.DOCTOR)
    assert all_pages(ada, "/patients/me/doctors") == doctors
    assert len(ada.get("/patients/me/doctors").data) == 100


def test_a_doctor_sees_all_who_let_them_in(doctor: ApiClient) -> None:
    patients = link_many(own_id(doctor), Role.PATIENT)
    assert all_pages(doctor, "/patients") == patients


def test_a_link_behind_many_lets_a_department_take_a_patient_in(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    add_link(CareLink(own_id(ada), own_id(doctor), clock.now() - timedelta(days=2)))
    link_many(own_id(ada), Role.DOCTOR)
    assert admit(doctor, ward, ada).status == 200


def test_an_export_holds_all_of_many_care_links(ada: ApiClient) -> None:
    doctors = link_many(own_id(ada), Role.DOCTOR)
    ada.get("/users/me/export")
    deliver()
    assert [link["professional_id"] for link in packed_list(ada, "care_links")] == doctors


def test_parting_with_whom_the_link_has_ended_is_no_news(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada, ends_at=(clock.now() + timedelta(days=1)).isoformat())
    end_links()
    for _ in range(2):
        assert ada.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 404
    assert [entry["action"] for entry in log_of(ada)] == ["CONNECT"]
    connect(doctor, ada)
    assert [one["id"] for one in ada.get("/patients/me/doctors").data] == [own_id(doctor)]


def test_lists_of_links_are_read_as_they_are_at_this_moment(doctor: ApiClient, ada: ApiClient) -> None:
    """A doctor from whom a patient has parted sees them in no list from then on."""
    connect(doctor, ada)
    events, read = connection().client.meta.events, list[dict[str, Any]]()

    def keep(params: dict[str, Any], **_: Any) -> None:
        read.append(json.loads(params["body"]))

    events.register("before-call.dynamodb.Query", keep)
    try:
        assert (len(doctor.get("/patients").data), len(ada.get("/patients/me/doctors").data)) == (1, 1)
    finally:
        events.unregister("before-call.dynamodb.Query", keep)
    assert [query["ConsistentRead"] for query in read] == [True, True]
