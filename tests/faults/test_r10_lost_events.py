"""Fault R10: S3's event never comes."""

from datetime import timedelta

import pytest

from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import UPLOAD_WINDOW, FailureReason, TaskStatus
from scanward.stores.clients import s3
from tests.faults.size import sized
from tests.support.cloud import BUCKET
from tests.support.workers import ADA, MINUTE, PNG, Workers

UPLOADS = sized(100, 3)
HEALED_WITHIN = timedelta(minutes=5)


def test_the_sweeper_heals_uploads_whose_events_are_lost(workers: Workers) -> None:
    with workers.queues.notified(lost=True):
        made = [workers.upload() for _ in range(UPLOADS)]
    assert workers.queues.waiting(workers.queues.lanes[Priority.HIGH]) == 0
    begun = workers.clock.now()
    while any(not workers.task(of).is_final for of in made) and workers.clock.now() - begun < HEALED_WITHIN:
        workers.minutes(1, workers.work)
    assert {workers.task(of).status for of in made} == {TaskStatus.COMPLETED}


@pytest.mark.parametrize("minute", [1, 3, 8, 9, int(UPLOAD_WINDOW / MINUTE)])
def test_the_sweeper_heals_uploads_straight_to_s3_whenever_they_come(workers: Workers, minute: int) -> None:
    late, form = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(Order(Priority.HIGH)))
    never, _ = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(Order(Priority.HIGH)))
    workers.minutes(minute, workers.work)
    s3().put_object(Bucket=BUCKET, Key=form.fields["key"], Body=PNG)
    come = workers.clock.now()
    workers.minutes(int(HEALED_WITHIN / MINUTE), workers.work)
    done = workers.task(late)
    assert done.status is TaskStatus.COMPLETED
    assert done.finished_at
    assert done.finished_at - come <= HEALED_WITHIN
    assert not workers.task(never).is_final or minute == int(UPLOAD_WINDOW / MINUTE)
    workers.minutes(int(UPLOAD_WINDOW / MINUTE))
    assert workers.task(never).failure is FailureReason.UPLOAD_EXPIRED
