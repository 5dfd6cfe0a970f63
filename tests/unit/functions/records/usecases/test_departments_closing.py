"""Closing a department: at once to whoever looks, then everybody leaves it, whatever dies on the way."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.records.personal_data_handler import deps
from functions.records.usecases.departments import empty_department
from scanward import clock
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.departments import admit, assign, department
from tests.support.own_data import carry_out, deliver
from tests.support.people import own_id

DONE: dict[str, Any] = {"batchItemFailures": []}


def body_of(ward: int) -> str:
    return json.dumps({"wish": "DEPARTMENT", "account_id": ward})


def rows_of(ward: int) -> list[str]:
    """Return where somebody is of a department still."""
    rows = []
    for table in (TABLES["CLINIC_TABLE"], TABLES["ACCOUNTS_TABLE"]):
        for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                place = f"{item['pk']['S']} {item['sk']['S']}"
                is_there = place.endswith(f" DEPARTMENT#{ward}") or f"S_IN#{ward} " in place
                if is_there or str(ward) in item.get("departments", {}).get("NS", []):
                    rows.append(place)
    return rows


@pytest.fixture
def ward(admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> int:
    """Provide a department with two doctors and two patients."""
    ward = department(admin)
    for somebody in (doctor, other_doctor):
        assign(admin, ward, somebody)
    for somebody in (ada, ben):
        admit(admin, ward, somebody)
    return ward


def test_a_closed_department_opens_nothing_and_everybody_leaves_it_later(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 200
    assert admin.delete(f"/api/department/{ward}").json == {"message": "Department closed"}
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404
    assert len(rows_of(ward)) == 2 * 2 + 2 * 3
    assert carry_out(body_of(ward)) == DONE
    assert rows_of(ward) == []
    assert carry_out(body_of(ward)) == DONE, "a second delivery finds nothing to do"


def test_closing_costs_the_same_however_many_are_in_a_department(admin: ApiClient, ward: int) -> None:
    writes = list[str]()
    events = connection().client.meta.events
    note = lambda model, **_: writes.append(model.name)  # noqa: E731
    events.register("after-call.dynamodb.TransactWriteItems", note)
    admin.delete(f"/api/department/{ward}")
    events.unregister("after-call.dynamodb.TransactWriteItems", note)
    assert writes == ["TransactWriteItems"]


def test_a_worker_that_dies_after_each_step_is_followed_by_one_that_goes_on(admin: ApiClient, ward: int) -> None:
    admin.delete(f"/api/department/{ward}")

    def die() -> None:
        raise OSError("the function ended")

    left = [len(rows_of(ward))]
    for _ in range(3):
        with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: None, die):
            assert carry_out(body_of(ward)) != DONE
        left.append(len(rows_of(ward)))
    assert left == sorted(set(left), reverse=True), "each life gets further"
    assert carry_out(body_of(ward)) == DONE
    assert rows_of(ward) == []


def test_a_large_department_is_left_in_slices(admin: ApiClient, ward: int) -> None:
    admin.delete(f"/api/department/{ward}")
    times = iter(clock.now() + timedelta(minutes=2) * n for n in range(100))

    def now() -> datetime:
        return next(times)

    assert empty_department(replace(deps, now=now), ward) == "left in part"
    assert rows_of(ward) != []
    assert deliver() == [DONE]
    assert rows_of(ward) == []


def test_a_department_that_was_not_closed_after_all_keeps_everybody(admin: ApiClient, ward: int) -> None:
    before = rows_of(ward)
    assert carry_out(body_of(ward)) == DONE
    assert rows_of(ward) == before


def test_without_the_queue_a_department_stays_open_and_the_same_request_closes_it(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        assert admin.delete(f"/api/department/{ward}").status == 503
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 200
    assert admin.delete(f"/api/department/{ward}").status == 200
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404


def test_closing_that_died_behind_its_request_is_finished(admin: ApiClient, ward: int) -> None:
    found = deps.departments.get(ward)
    assert found
    deps.departments.close(found, clock.now())
    assert admin.delete(f"/api/department/{ward}").status == 200
    assert carry_out(body_of(ward)) == DONE
    assert rows_of(ward) == []
