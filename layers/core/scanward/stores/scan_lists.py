"""Lists of scans and tasks, newest first, each page at a constant cost; and the removal of what is listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.transactions import TransactWrite

from scanward.domain.scans import DoctorsReading, Scan
from scanward.domain.tasks import Task
from scanward.stores import keys
from scanward.stores.dynamo import bind, from_ms, translated
from scanward.stores.scan_items import GoneItem, PlaceItem, ReadingItem, ScanItem, scan_of
from scanward.stores.task_items import TaskItem, task_of
from scanward.stores.transactions import write_together

REMOVED_AT_ONCE = 20
REMEMBERED = timedelta(days=30)  # longer than any queue keeps a message about it


@dataclass(frozen=True, slots=True)
class Ids:
    """Part of a list. `last`: the id after which the next part begins; None when this is the last."""

    ids: Sequence[int]
    last: int | None


class ScanLists:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (TaskItem, ScanItem, PlaceItem, ReadingItem, GoneItem):
            bind(model, table)

    def scans_of(self, patient_id: int, limit: int, before: int | None) -> Ids:
        """A patient's scans."""
        return _page(keys.scans_of(patient_id), limit, before)

    def tasks_of(self, account_id: int, limit: int, before: int | None) -> Ids:
        """The tasks about an account, and those that it asked for."""
        return _page(keys.tasks_of(account_id), limit, before)

    def analyses_of(self, scan_id: int, limit: int) -> list[int]:
        """The newest tasks of a scan."""
        with translated():
            wanted = PlaceItem.sk.startswith(keys.ANALYSIS_PREFIX)
            found = PlaceItem.query(
                keys.scan(scan_id), wanted, scan_index_forward=False, limit=limit, consistent_read=True
            )
            return [keys.number(item.sk) for item in found]

    def scans(self, ids: Sequence[int]) -> list[Scan]:
        """The scans among these ids that are there, in their order."""
        with translated():
            items = ScanItem.batch_get([(keys.scan(number), keys.SCAN) for number in ids])
            found = {keys.number(item.pk): scan_of(item) for item in items}
        return [found[number] for number in ids if number in found]

    def tasks(self, ids: Sequence[int]) -> list[Task]:
        """The tasks among these ids that are there, in their order."""
        with translated():
            items = TaskItem.batch_get([(keys.task(number), keys.TASK) for number in ids], consistent_read=True)
            found = {keys.number(item.pk): task_of(item) for item in items}
        return [found[number] for number in ids if number in found]

    def remove_tasks(self, tasks: Sequence[Task]) -> None:
        """Forgets tasks, with their places in all lists."""
        for begin in range(0, len(tasks), REMOVED_AT_ONCE):
            items = [item for task in tasks[begin : begin + REMOVED_AT_ONCE] for item in _items(task)]
            _delete(items)

    def readings_of(self, scan_id: int, limit: int | None = None) -> list[DoctorsReading]:
        """What doctors have read in a scan, the newest first; all of it without a limit."""
        with translated():
            wanted = ReadingItem.sk.startswith(keys.READING_PREFIX)
            found = ReadingItem.query(keys.scan(scan_id), wanted, scan_index_forward=False, limit=limit)
            return [DoctorsReading(item.text, int(item.doctor_id), from_ms(item.at_ms)) for item in found]

    def remove_scan(self, scan: Scan, now: datetime) -> None:
        """Forgets a scan whose tasks are forgotten; for a while it is known that there was one."""
        with translated():
            wanted = ReadingItem.sk.startswith(keys.READING_PREFIX)
            readings = list(ReadingItem.query(keys.scan(scan.id), wanted, consistent_read=True))
            with ReadingItem.batch_write() as batch:
                for item in readings:
                    batch.delete(item)

        def fill(write: TransactWrite) -> None:
            write.delete(ScanItem(keys.scan(scan.id), keys.SCAN))
            write.delete(PlaceItem(keys.scans_of(scan.patient_id), keys.sortable(scan.id)))
            write.save(GoneItem(keys.scan(scan.id), expires_at=int((now + REMEMBERED).timestamp())))

        write_together(fill)


def _page(place: str, limit: int, before: int | None) -> Ids:
    older = PlaceItem.sk < keys.sortable(before) if before is not None else None
    with translated():
        found = PlaceItem.query(place, older, scan_index_forward=False, limit=limit + 1)
        ids = [int(item.sk) for item in found]
    return Ids(ids[:limit], ids[limit - 1] if len(ids) > limit else None)


def _items(task: Task) -> list[TaskItem | PlaceItem]:
    accounts = {task.patient_id, task.requested_by}
    lists = [PlaceItem(keys.tasks_of(account), keys.sortable(task.id)) for account in accounts]
    return [
        TaskItem(keys.task(task.id), keys.TASK),
        PlaceItem(keys.scan(task.scan_id), keys.analysis(task.id)),
        *lists,
    ]


def _delete(items: Sequence[TaskItem | PlaceItem]) -> None:
    def fill(write: TransactWrite) -> None:
        for item in items:
            write.delete(item)

    write_together(fill)
