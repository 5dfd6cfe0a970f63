"""What came into the bucket and no task reads is gone within a day, also where its event was lost."""

from datetime import timedelta

import boto3
import pytest

from functions.scans import leftovers
from functions.scans.leftovers import MAX_AGE, MIN_AGE, LeftoverDeps, purge_leftovers
from functions.scans.usecases.scans import delete_scan
from functions.scans.usecases.tasks import cancel
from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.ids import first_id
from scanward.domain.object_keys import upload_prefix
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import Task
from scanward.stores.scans import ScanListStore
from tests.support.cloud import BUCKET
from tests.support.workers import ADA, PNG, TABLE, Workers
from tests.support.world import World


@pytest.fixture
def world(aws: None) -> World:
    return World(stands=True)


@pytest.fixture
def deps(workers: Workers) -> LeftoverDeps:
    return LeftoverDeps(ScanListStore(TABLE), workers.objects, workers.imaging.purger, workers.clock.now)


def purge(deps: LeftoverDeps) -> dict[str, int]:
    """Run once. moto leaves out the first version behind a marker, taking it for the marker's own: so there is one."""
    markers = [f"{upload_prefix(lane)}{first_id(deps.now() - MAX_AGE)}" for lane in Priority]
    for key in markers:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")
    counts = purge_leftovers(deps)
    for key in markers:
        deps.purger.purge_key(key)
    return counts


def begin(workers: Workers, lane: Priority = Priority.HIGH) -> Task:
    accepted, _ = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(Order(lane)))
    return workers.task(accepted)


def post(task: Task) -> str:
    """Send a form; the event is lost."""
    return boto3.client("s3").put_object(Bucket=BUCKET, Key=task.object_key, Body=PNG)["VersionId"]


def versions(prefix: str = "uploads/") -> set[str]:
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return {item["VersionId"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]}


@pytest.mark.parametrize("lane", Priority)
def test_later_versions_go_and_the_one_that_is_read_stays(workers: Workers, deps: LeftoverDeps, lane: Priority) -> None:
    task = begin(workers, lane)
    read = post(task)
    workers.minutes(3, lambda: workers.work(lane))
    later = {post(task), post(task)}
    assert versions() == {read, *later}
    workers.clock.ahead += MIN_AGE
    assert purge(deps) == {"read": 3, "purged": 2}
    assert versions() == {read}
    assert purge(deps) == {"read": 1, "purged": 0}


def test_what_came_for_a_task_that_had_ended_without_it_goes(workers: Workers, deps: LeftoverDeps) -> None:
    cancelled, expired, removed = begin(workers), begin(workers), begin(workers)
    cancel(workers.imaging, ADA, str(cancelled.id))
    delete_scan(workers.imaging, ADA, str(removed.scan_id))
    workers.minutes(20)
    for task in (cancelled, expired, removed):
        post(task)
    workers.clock.ahead += MIN_AGE
    assert purge(deps) == {"read": 3, "purged": 3}
    assert versions() == set()


def test_what_may_still_be_read_is_left_alone(workers: Workers, deps: LeftoverDeps) -> None:
    task = begin(workers)
    post(task)
    workers.clock.ahead += MIN_AGE
    assert purge(deps)["read"] == 0
    assert len(versions()) == 1


def test_deliveries_of_other_systems_are_left_alone(workers: Workers, deps: LeftoverDeps) -> None:
    for _ in range(2):
        boto3.client("s3").put_object(Bucket=BUCKET, Key="uploads/high/incoming/7/film.png", Body=PNG)
    workers.clock.ahead += MIN_AGE
    assert purge(deps) == {"read": 0, "purged": 0}
    assert len(versions()) == 2


def test_a_run_reads_the_objects_of_half_a_day_and_no_others(workers: Workers, deps: LeftoverDeps) -> None:
    old = begin(workers)
    post(old)
    workers.clock.ahead += timedelta(hours=11)
    post(begin(workers))
    workers.clock.ahead += MIN_AGE + timedelta(minutes=1)
    post(begin(workers))
    assert purge(deps)["read"] == 2, "the oldest for the second time"
    workers.clock.ahead += timedelta(hours=1)
    assert purge(deps)["read"] == 1


def test_each_object_is_looked_at_twice_before_a_day_is_over() -> None:
    assert timedelta(days=1) > MAX_AGE
    assert 2 * timedelta(hours=6) == MAX_AGE - MIN_AGE, "the schedule's"
    assert timedelta(hours=1, minutes=15) < leftovers.MIN_AGE
