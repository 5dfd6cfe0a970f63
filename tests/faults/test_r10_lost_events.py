"""Fault R10: S3's event never comes."""

from datetime import timedelta

import pytest

from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import UPLOAD_WINDOW, FailureReason, TaskStatus
from scanward.stores.clients import s3
from tests.faults.size import sized
from tests.support.cloud import BUCKET
from tests.support.uploads import ADA, MINUTE, PNG, World

UPLOADS = sized(100, 3)
HEALED_WITHIN = timedelta(minutes=5)


def test_the_sweeper_heals_uploads_whose_events_are_lost(world: World) -> None:
    with world.queues.notified(lost=True):
        made = [world.upload() for _ in range(UPLOADS)]
    assert world.queues.waiting(world.queues.lanes[Priority.HIGH]) == 0
    begun = world.clock.time
    while any(not world.task(of).is_final for of in made) and world.clock.time - begun < HEALED_WITHIN:
        world.minutes(1, world.work)
    assert {world.task(of).status for of in made} == {TaskStatus.COMPLETED}


@pytest.mark.parametrize("minute", [1, 3, 8, 9, int(UPLOAD_WINDOW / MINUTE)])
def test_so_it_does_with_uploads_straight_to_s3_whenever_they_come(world: World, minute: int) -> None:
    late, form = begin_upload(world.imaging, ADA, "image/png", UploadCommand(Order(Priority.HIGH)))
    never, _ = begin_upload(world.imaging, ADA, "image/png", UploadCommand(Order(Priority.HIGH)))
    world.minutes(minute, world.work)
    s3().put_object(Bucket=BUCKET, Key=form.fields["key"], Body=PNG)
    come = world.clock.time
    world.minutes(int(HEALED_WITHIN / MINUTE), world.work)
    done = world.task(late)
    assert done.status is TaskStatus.COMPLETED
    assert done.finished_at
    assert done.finished_at - come <= HEALED_WITHIN
    assert not world.task(never).is_final or minute == int(UPLOAD_WINDOW / MINUTE)
    world.minutes(int(UPLOAD_WINDOW / MINUTE))
    assert world.task(never).failure is FailureReason.UPLOAD_EXPIRED
