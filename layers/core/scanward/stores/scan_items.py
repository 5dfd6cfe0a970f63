"""How scans and tasks are spelled as DynamoDB items."""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from scanward.domain.failures import FailureReason
from scanward.domain.scans import Lane, Scan, ScanType
from scanward.domain.tasks import Task, TaskStatus
from scanward.stores import keys
from scanward.stores.attributes import JSONText
from scanward.stores.dynamo import from_ms, to_ms


class DueIndex(GlobalSecondaryIndex["TaskItem"]):  # type: ignore[no-untyped-call]
    """`due`: tasks that are not final, by shard and the time at which the sweeper looks at them."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class TaskItem(Model):
    """TASK#id / TASK."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.TASK)
    due = DueIndex()
    scan_id = NumberAttribute()
    patient_id = NumberAttribute()
    status = UnicodeAttribute()
    progress = NumberAttribute()
    message = UnicodeAttribute()
    version = NumberAttribute()
    created_ms = NumberAttribute()
    due_shard = NumberAttribute(null=True)
    due_at = NumberAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    leased_ms = NumberAttribute(null=True)
    attempts = NumberAttribute()
    object_version = UnicodeAttribute(null=True)
    result = JSONText(null=True)
    failure = UnicodeAttribute(null=True)
    finished_ms = NumberAttribute(null=True)


class ScanItem(Model):
    """SCAN#id / SCAN."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.SCAN)
    patient_id = NumberAttribute()
    uploaded_by = NumberAttribute()
    task_id = NumberAttribute()
    lane = UnicodeAttribute()
    scan_type = UnicodeAttribute()
    status = UnicodeAttribute()
    created_ms = NumberAttribute()
    completed_ms = NumberAttribute(null=True)
    result = JSONText(null=True)
    failure = UnicodeAttribute(null=True)


def mirror(task: Task) -> list[Action]:
    """What a change of a task's status writes into its scan."""
    actions: list[Action] = [ScanItem.status.set(task.status.value)]
    if task.finished_at:
        actions.append(ScanItem.completed_ms.set(to_ms(task.finished_at)))
    if task.result is not None:
        actions.append(ScanItem.result.set(dict(task.result)))
    if task.failure:
        actions.append(ScanItem.failure.set(task.failure.value))
    return actions


def scan_item(scan: Scan) -> ScanItem:
    """The item of a new scan."""
    return ScanItem(
        keys.scan(scan.id),
        patient_id=scan.patient_id,
        uploaded_by=scan.uploaded_by,
        task_id=scan.task_id,
        lane=scan.lane.value,
        scan_type=scan.scan_type.value,
        status=scan.status.value,
        created_ms=to_ms(scan.created_at),
    )


def scan_of(item: ScanItem) -> Scan:
    """The scan that an item spells."""
    return Scan(
        id=keys.number(item.pk),
        patient_id=int(item.patient_id),
        uploaded_by=int(item.uploaded_by),
        task_id=int(item.task_id),
        lane=Lane(item.lane),
        scan_type=ScanType(item.scan_type),
        status=TaskStatus(item.status),
        created_at=from_ms(item.created_ms),
        completed_at=from_ms(item.completed_ms) if item.completed_ms else None,
        result=item.result,
        failure=FailureReason(item.failure) if item.failure else None,
    )


def task_item(task: Task) -> TaskItem:
    """The item of a task."""
    return TaskItem(
        keys.task(task.id),
        scan_id=task.scan_id,
        patient_id=task.patient_id,
        status=task.status.value,
        progress=task.progress,
        message=task.message,
        version=task.version,
        created_ms=to_ms(task.created_at),
        due_shard=keys.due_shard(task.id) if task.due_at else None,
        due_at=to_ms(task.due_at) if task.due_at else None,
        attempt=task.attempt,
        leased_ms=to_ms(task.leased_until) if task.leased_until else None,
        attempts=task.attempts,
        object_version=task.object_version,
        result=dict(task.result) if task.result is not None else None,
        failure=task.failure.value if task.failure else None,
        finished_ms=to_ms(task.finished_at) if task.finished_at else None,
    )


def task_of(item: TaskItem) -> Task:
    """The task that an item spells."""
    return Task(
        id=keys.number(item.pk),
        scan_id=int(item.scan_id),
        patient_id=int(item.patient_id),
        status=TaskStatus(item.status),
        progress=int(item.progress),
        message=item.message,
        version=int(item.version),
        created_at=from_ms(item.created_ms),
        due_at=from_ms(item.due_at) if item.due_at else None,
        attempt=item.attempt,
        leased_until=from_ms(item.leased_ms) if item.leased_ms else None,
        attempts=int(item.attempts),
        object_version=item.object_version,
        result=item.result,
        failure=FailureReason(item.failure) if item.failure else None,
        finished_at=from_ms(item.finished_ms) if item.finished_ms else None,
    )


def task_of_image(image: Mapping[str, Any]) -> Task:
    """The task in a stream record's image (DynamoDB JSON)."""
    item = TaskItem()
    item.deserialize(dict(image))
    return task_of(item)
