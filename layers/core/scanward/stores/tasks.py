"""Tasks as DynamoDB items, and how long an analysis takes in each priority queue, as measured by its workers."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from scanward.domain.orders import Order, Priority, ReportStyle, ScanType
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.stores import keys
from scanward.stores.dynamo import JSONText, TableItem, bind_table, from_ms, get_item, sdk_errors_mapped, to_ms


class DueIndex(GlobalSecondaryIndex["TaskItem"]):  # type: ignore[no-untyped-call]
    """`due`: tasks that are not final, by shard and the time at which the sweeper looks at them."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class TaskItem(TableItem):
    """TASK#id / TASK."""

    sk = UnicodeAttribute(range_key=True, default=keys.TASK)
    due = DueIndex()
    scan_id = NumberAttribute()
    patient_id = NumberAttribute()
    requested_by = NumberAttribute()
    object_key = UnicodeAttribute()
    order = JSONText()
    is_first = BooleanAttribute()
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


def task_item(task: Task) -> TaskItem:
    """Return the item of a task."""
    return TaskItem(
        keys.task(task.id),
        scan_id=task.scan_id,
        patient_id=task.patient_id,
        requested_by=task.requested_by,
        object_key=task.object_key,
        order=_order_map(task.order),
        is_first=task.is_first,
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
    """Return the task that an item spells."""
    return Task(
        id=keys.number(item.pk),
        scan_id=int(item.scan_id),
        patient_id=int(item.patient_id),
        requested_by=int(item.requested_by),
        object_key=item.object_key,
        order=_order_of(item.order),
        is_first=item.is_first,
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


def as_stored(task: Task) -> Task:
    """Return the task as it is read back: JSON has lists for tuples."""
    return replace(task, result=json.loads(json.dumps(task.result))) if task.result is not None else task


def task_of_image(image: Mapping[str, Any]) -> Task:
    """Return the task in a stream record's image (DynamoDB JSON)."""
    item = TaskItem()
    item.deserialize(dict(image))
    return task_of(item)


def _order_map(order: Order) -> dict[str, Any]:
    return {
        "lane": order.priority,
        "reading": order.report_style,
        "scan_type": order.scan_type,
        "model": order.model,
        "additional_notes": order.additional_notes,
        "include_suggestions": order.include_suggestions,
    }


def _order_of(order_map: Mapping[str, Any]) -> Order:
    return Order(
        priority=Priority(order_map["lane"]),
        report_style=ReportStyle(order_map["reading"]) if order_map["reading"] else None,
        scan_type=ScanType(order_map["scan_type"]) if order_map["scan_type"] else None,
        model=order_map["model"],
        additional_notes=order_map["additional_notes"],
        include_suggestions=order_map["include_suggestions"],
    )


class DurationItem(TableItem):
    """DURATION#lane / DURATION."""

    sk = UnicodeAttribute(range_key=True, default=keys.DURATION)
    seconds = NumberAttribute()


class DurationStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(DurationItem, table)

    def record(self, lane: Priority, seconds: float) -> None:
        """Keep what an analysis takes now."""
        with sdk_errors_mapped():
            DurationItem(keys.duration(lane.value), seconds=round(seconds, 3)).save()

    def seconds(self, lane: Priority) -> float | None:
        """Return what an analysis took lately; None before the first."""
        item = get_item(DurationItem, keys.duration(lane.value), keys.DURATION, consistent=False)
        return float(item.seconds) if item else None
