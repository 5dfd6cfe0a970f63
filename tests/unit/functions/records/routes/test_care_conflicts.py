"""Looks at one patient at the same time: each is in a transaction with the grant, and none is refused for another."""

from functools import partial

import pytest

from scanward.stores.dynamo import connection
from tests.faults.injection import conflicts, meanwhile
from tests.support.client import ApiClient
from tests.support.departments import admit, assign, department
from tests.support.links import connect, log_of
from tests.support.people import own_id

WRITE = "dynamodb.TransactWriteItems"
LOOK = {"actor_role": "DOCTOR", "action": "READ_PATIENT", "resource": "patient"}


@pytest.fixture
def path(doctor: ApiClient, ada: ApiClient) -> str:
    """Provide where the doctor finds a patient who let them in."""
    connect(doctor, ada)
    return f"/patients/{own_id(ada)}"


def looks(patient: ApiClient) -> int:
    """Return how many looks of doctors the patient finds in their log."""
    return sum(LOOK.items() <= entry.items() for entry in log_of(patient))


def test_a_look_that_meets_another_is_answered_and_logged(doctor: ApiClient, ada: ApiClient, path: str) -> None:
    with conflicts(connection().client, WRITE, times=100):
        assert doctor.get(path).status == 200
    assert looks(ada) == 1


def test_a_look_through_a_department_is_answered_as_well(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    admit(admin, ward, ben)
    with conflicts(connection().client, WRITE, times=100):
        assert doctor.get(f"/patients/{own_id(ben)}").status == 200
    assert looks(ben) == 1


@pytest.mark.parametrize("how", ["withdrawn", "withdrawn from the department", "discharged", "closed"])
def test_a_grant_that_ended_while_reads_met_opens_nothing(
    admin: ApiClient, doctor: ApiClient, ben: ApiClient, how: str
) -> None:
    ward = department(admin)
    if how == "withdrawn":
        connect(doctor, ben)
    else:
        assign(admin, ward, doctor)
        admit(admin, ward, ben)
    end = {
        "withdrawn": partial(ben.send, "DELETE", f"/patients/me/doctors/{own_id(doctor)}"),
        "withdrawn from the department": partial(ben.send, "DELETE", f"/patients/me/doctors/{own_id(doctor)}"),
        "discharged": partial(ben.send, "DELETE", f"/patients/me/departments/{ward}"),
        "closed": partial(admin.send, "DELETE", f"/api/department/{ward}"),
    }[how]
    path, client = f"/patients/{own_id(ben)}", connection().client
    # Of the two reads of the grant, it ends before the second.
    with conflicts(client, WRITE, times=1), meanwhile(client, "dynamodb.BatchGetItem", lambda: None, end) as acted:
        assert doctor.get(path).status == 404
    assert len(acted) == 2
    assert looks(ben) == 0


def test_a_look_waits_for_who_writes_the_sheet(doctor: ApiClient, path: str) -> None:
    with conflicts(connection().client, "dynamodb.TransactGetItems", times=2) as met:
        assert doctor.get(path).status == 200
    assert len(met) == 2
