"""Scans and their tasks. A task is written only over the version that was read, so of two writers one wins."""

from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, connection, settled, to_ms, translated
from scanward.stores.scan_items import (
    DueIndex,
    ScanItem,
    TaskItem,
    mirror,
    scan_item,
    scan_of,
    task_item,
    task_of,
)


class ScanStore:
    """Reads and writes scans and tasks. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (TaskItem, ScanItem):
            bind(model, table)

    def add(self, scan: Scan, task: Task) -> None:
        """Keeps a new scan with its task, both or neither. Raises Conflict when an id is in use."""
        try:
            with translated(), TransactWrite(connection=connection()) as write:
                write.save(scan_item(scan), condition=ScanItem.pk.does_not_exist())
                write.save(task_item(task), condition=TaskItem.pk.does_not_exist())
        except ConditionFailed as lost:
            raise Conflict from lost

    def get(self, scan_id: int) -> Scan | None:
        """The scan, strongly consistent; one round trip."""
        with translated():
            try:
                return scan_of(ScanItem.get(keys.scan(scan_id), keys.SCAN, consistent_read=True))
            except ScanItem.DoesNotExist:
                return None

    def task(self, task_id: int) -> Task | None:
        """The task, strongly consistent; one round trip."""
        with translated():
            try:
                return task_of(TaskItem.get(keys.task(task_id), keys.TASK, consistent_read=True))
            except TaskItem.DoesNotExist:
                return None

    def move(self, before: Task, after: Task) -> Task:
        """Writes `after` on the condition that `before` is still the task's version, and gives it back.

        A change of status is written to the scan in the same transaction. A lost acknowledgement is no failure: what
        is found then carries `after`'s own version and attempt. Raises Conflict when another writer was first.
        """
        try:
            settled(lambda: _write(before, after))
        except ConditionFailed as lost:
            if self.task(after.id) != after:
                raise Conflict from lost
        return after

    def due(self, shard: int, now: datetime, limit: int) -> list[int]:
        """Ids of up to `limit` tasks of one shard that should be looked at by `now`, the longest due first."""
        with translated():
            found = TaskItem.due.query(shard, DueIndex.due_at <= to_ms(now), limit=limit)
            return [keys.number(item.pk) for item in found]


def _write(before: Task, after: Task) -> None:
    unchanged = TaskItem.version == before.version
    if after.status is before.status:
        task_item(after).save(condition=unchanged)
        return
    with TransactWrite(connection=connection()) as write:
        write.save(task_item(after), condition=unchanged)
        scan = ScanItem(keys.scan(after.scan_id), keys.SCAN)
        write.update(scan, actions=mirror(after), condition=ScanItem.pk.exists())
