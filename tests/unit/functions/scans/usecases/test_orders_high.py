"""HIGH is a quota: beyond a day's orders of it MEDIUM serves, and the answer says so. Here a patient has three."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.accounts import Actor, Role
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.ids import parse_id
from scanward.domain.orders import Order, Priority
from scanward.errors import Unavailable
from scanward.stores.clients import s3
from scanward.stores.dynamo import connection
from scanward.stores.rate_limits import HighOrderStore
from scanward.stores.scans import ScanStore
from tests.faults.injection import failing
from tests.faults.one_at_a_time import at_once, serialised
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.people import professional
from tests.support.scans import analyse
from tests.support.workers import ADA, PNG, TABLE, Workers
from tests.support.world import World

QUOTA, MORE = 3, 6
"""Of a patient and of a professional, in tests/conftest.py."""
FORM = {"filename": "x", "content_type": "image/png"}
Answer = dict[str, Any]
Way = Callable[[ApiClient, str], Answer]


def send(api: ApiClient, path: str, priority: str) -> Answer:
    return api.upload(path, {"file": PNG}, {"priority": priority}).data  # type: ignore[no-any-return]


def upload(api: ApiClient, priority: str) -> Answer:
    return send(api, "/scans", priority)


def begin(api: ApiClient, priority: str) -> Answer:
    return api.post("/scans/uploads", {**FORM, "priority": priority}).data  # type: ignore[no-any-return]


def friendly(api: ApiClient, priority: str) -> Answer:
    return send(api, "/xray/friendly-analysis", priority)


def expert(api: ApiClient, priority: str) -> Answer:
    return send(api, "/xray/expert-analysis", priority)


def add_xray(api: ApiClient, priority: str) -> Answer:
    fields = {"name_of_xray": "chest", "priority": priority}
    return api.upload("/api/xrays", {"image_of_xray": PNG}, fields).json  # type: ignore[no-any-return]


def begin_xray(api: ApiClient, priority: str) -> Answer:
    body = {"name_of_xray": "chest", "content_type": "image/png", "priority": priority}
    return api.post("/api/xrays", body).json  # type: ignore[no-any-return]


def again(api: ApiClient, priority: str) -> Answer:
    first = upload(api, "LOW")
    analyse(first)
    return api.post(f"/scans/{first['scan_id']}/analyses", {"priority": priority}).data  # type: ignore[no-any-return]


WAYS = [upload, begin, friendly, expert, add_xray, begin_xray, again]


def priority_of(answer: Answer) -> Priority:
    """Return what the task that was made really has."""
    task = ScanStore(TABLES["SCANS_TABLE"]).task(parse_id(answer["task_id"]))
    assert task
    assert task.object_key.startswith(f"uploads/{task.order.priority}/") or not task.is_first
    return task.order.priority


def told(answer: Answer) -> tuple[str, bool]:
    return answer["priority"], answer["priority_reduced"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_beyond_the_quota_medium_serves_and_the_answer_says_so(patient: ApiClient, way: Way) -> None:
    for _ in range(QUOTA - 1):
        begin(patient, "HIGH")
    last, beyond = way(patient, "HIGH"), way(patient, "HIGH")
    assert (told(last), priority_of(last)) == (("HIGH", False), Priority.HIGH)
    assert (told(beyond), priority_of(beyond)) == (("MEDIUM", True), Priority.MEDIUM)
    for priority in ("MEDIUM", "LOW"):
        assert told(way(patient, priority)) == (priority, False)


def test_an_image_beyond_the_quota_is_sent_to_the_lane_that_serves_it(patient: ApiClient) -> None:
    keys = [begin(patient, "HIGH")["upload"]["fields"]["key"].split("/")[1] for _ in range(QUOTA + 1)]
    assert keys == ["high"] * QUOTA + ["medium"]


@pytest.mark.parametrize("role", ["DOCTOR", "HOSPITAL", "LAB", "ADMIN"])
def test_professionals_and_administrators_have_a_larger_one(api: ApiClient, admin: ApiClient, role: str) -> None:
    caller = admin if role == "ADMIN" else professional(api, role, admin)
    answers = [begin(caller, "HIGH") for _ in range(MORE + 1)]
    assert list(map(told, answers)) == [("HIGH", False)] * MORE + [("MEDIUM", True)]


def test_other_priorities_cost_no_round_trip_and_none_of_the_quota(workers: Workers) -> None:
    with counted() as calls:
        for priority in (Priority.MEDIUM, Priority.LOW):
            order(workers.imaging, priority)
    assert calls == ["UpdateItem", "TransactWriteItems"] * 2
    with counted() as calls:
        order(workers.imaging)
    assert calls == ["UpdateItem", "UpdateItem", "TransactWriteItems"]


@contextmanager
def counted() -> Iterator[list[str]]:
    """Provide the names of the calls to DynamoDB that are made meanwhile."""
    made: list[str] = []

    def note(model: Any, **_: Any) -> None:
        made.append(model.name)

    connection().client.meta.events.register_first("before-call", note)
    try:
        yield made
    finally:
        connection().client.meta.events.unregister("before-call", note)


@pytest.fixture
def deps(world: World) -> ScanDeps:
    """Provide what orders are placed with; a patient has one urgent order a day, others two."""
    return replace(world.workers.imaging, high_orders=HighOrderStore(TABLE, 1, 2))


def order(
    deps: ScanDeps, priority: Priority = Priority.HIGH, key: str | None = None, actor: Actor = ADA
) -> AcceptedOrder[Any]:
    once = IdempotencyKey(actor.account_id, key, key) if key else None
    return begin_upload(deps, actor, "image/png", UploadCommand(Order(priority)), idempotency_key=once)[0]


def test_a_replay_counts_once_and_gets_the_same_priority(deps: ScanDeps) -> None:
    deps = replace(deps, high_orders=HighOrderStore(TABLE, 2, 2))
    assert {order(deps, key="a").priority for _ in range(4)} == {Priority.HIGH}
    assert order(deps, key="b").priority is Priority.HIGH
    assert {order(deps, key="c").priority for _ in range(2)} == {Priority.MEDIUM}
    again = [order(deps, key=key) for key in ("a", "b", "c")]
    assert [(one.priority, one.is_reduced) for one in again] == [
        (Priority.HIGH, False),
        (Priority.HIGH, False),
        (Priority.MEDIUM, True),
    ]


def test_orders_at_once_get_no_more_than_the_quota(deps: ScanDeps) -> None:
    deps = replace(deps, high_orders=HighOrderStore(TABLE, 3, 3))
    with serialised([connection().client, s3()]):
        answers = at_once(*[lambda: order(deps)] * 8)
    priorities = [answer.priority for answer in answers if isinstance(answer, AcceptedOrder)]
    assert sorted(priorities) == [Priority.HIGH] * 3 + [Priority.MEDIUM] * 5


def test_an_order_that_could_not_be_kept_is_not_counted(deps: ScanDeps) -> None:
    with failing(connection().client, "dynamodb.TransactWriteItems", 500), pytest.raises(Unavailable):
        order(deps)
    assert order(deps).priority is Priority.HIGH


def test_each_account_and_each_day_has_its_own(deps: ScanDeps, world: World) -> None:
    assert [order(deps).is_reduced for _ in range(2)] == [False, True]
    other = replace(ADA, account_id=4)
    assert [order(deps, actor=other).is_reduced for _ in range(2)] == [False, True]
    doctor = Actor(5, Role.DOCTOR, is_approved=True, session_id="s")
    assert [order(deps, actor=doctor).is_reduced for _ in range(3)] == [False, False, True]
    world.clock.ahead += timedelta(days=1)
    assert order(deps).is_reduced is False
