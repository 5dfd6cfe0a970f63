"""Scans and their tasks. A task is written only over the version that was read, so of two writers one wins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from scanward.domain.once import Once
from scanward.domain.scans import DoctorsReading, Scan
from scanward.domain.tasks import Task, TaskStatus
from scanward.errors import Conflict, NotFound
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, settled, to_ms, translated
from scanward.stores.once import OnceItem, mark
from scanward.stores.scan_items import PlaceItem, ReadingItem, ScanItem, mirror, reading_item, scan_item, scan_of
from scanward.stores.task_items import DueIndex, TaskItem, as_kept, task_item, task_of
from scanward.stores.transactions import write_together


@dataclass(frozen=True, slots=True)
class Beside:
    """What else a new scan's transaction writes: the mark of its Idempotency-Key.

    `made`: what a replay of the key is answered with. `done`: whether nothing is left to do after the transaction.
    """

    once: Once | None = None
    made: Mapping[str, str] = field(default_factory=dict)
    done: bool = True


NOTHING = Beside()


class ScanStore:
    """Reads and writes scans and tasks. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (TaskItem, ScanItem, PlaceItem, ReadingItem, OnceItem):
            bind(model, table)

    def add(self, scan: Scan, task: Task, beside: Beside = NOTHING) -> None:
        """Keeps a new scan with its task, all or nothing.

        Raises Conflict when an id is in use or a key has its mark.
        """

        def fill(write: TransactWrite) -> None:
            write.save(scan_item(scan), condition=ScanItem.pk.does_not_exist())
            write.save(PlaceItem(keys.scans_of(scan.patient_id), keys.sortable(scan.id)))
            if scan.reading:
                write.save(reading_item(scan.id, scan.reading))
            _add_task(write, task, beside)

        self._add(fill, task)

    def add_again(self, task: Task, beside: Beside = NOTHING) -> None:
        """Keeps another analysis of a scan. Raises NotFound when the scan is gone, Conflict as `add` does."""

        def fill(write: TransactWrite) -> None:
            write.condition_check(ScanItem, keys.scan(task.scan_id), keys.SCAN, condition=_there())
            _add_task(write, task, beside)

        try:
            self._add(fill, task)
        except Conflict:
            if self.get(task.scan_id) is None:
                raise NotFound from None
            raise

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

        A change of status is written to the scan in the same transaction, where the scan shows it. A lost
        acknowledgement is no failure: what is found then carries `after`'s own version and attempt. Raises Conflict
        when another writer was first.
        """
        try:
            _write(before, after)
        except ConditionFailed as lost:
            found = self.task(after.id)
            if found == before and not before.is_first:
                return self._outdated(before, after)
            if found != as_kept(after):
                raise Conflict from lost
        return after

    def due(self, shard: int, now: datetime, limit: int) -> list[int]:
        """Ids of up to `limit` tasks of one shard that should be looked at by `now`, the longest due first."""
        with translated():
            found = TaskItem.due.query(shard, DueIndex.due_at <= to_ms(now), limit=limit)
            return [keys.number(item.pk) for item in found]

    def set_reading(self, scan_id: int, reading: DoctorsReading) -> None:
        """Keeps what a doctor reads, beside what the model does and what was read before. Raises NotFound."""
        actions: list[Action] = [
            ScanItem.reading.set(reading.text),
            ScanItem.reading_by.set(reading.doctor_id),
            ScanItem.reading_ms.set(to_ms(reading.at)),
        ]

        def fill(write: TransactWrite) -> None:
            write.update(ScanItem(keys.scan(scan_id), keys.SCAN), actions=actions, condition=_there())
            write.save(reading_item(scan_id, reading))

        try:
            write_together(fill)
        except ConditionFailed as gone:
            raise NotFound from gone

    def begin_removal(self, scan_id: int) -> None:
        """From now on nothing more is ordered for a scan; one that is gone is no error."""
        try:
            with translated():
                ScanItem(keys.scan(scan_id), keys.SCAN).update(
                    [ScanItem.removing.set(True)], condition=ScanItem.pk.exists()
                )
        except ConditionFailed:
            return

    def was_removed(self, scan_id: int) -> bool:
        """Whether there was such a scan, or it is being removed; one round trip."""
        with translated():
            wanted = [(keys.scan(scan_id), keys.SCAN), (keys.scan(scan_id), keys.GONE)]
            found = {item.sk: item for item in ScanItem.batch_get(wanted, consistent_read=True)}
        return keys.GONE in found or (keys.SCAN in found and bool(found[keys.SCAN].removing))

    def _outdated(self, before: Task, after: Task) -> Task:
        """Writes a task alone whose scan shows a later one's result already, or is gone."""
        try:
            with translated():
                task_item(after).save(condition=TaskItem.version == before.version)
        except ConditionFailed as lost:
            if self.task(after.id) != as_kept(after):
                raise Conflict from lost
        return after

    def _add(self, fill: Callable[[TransactWrite], None], task: Task) -> None:
        try:
            write_together(fill)
        except ConditionFailed as lost:
            if self.task(task.id) != task:  # else it was kept, and the acknowledgement got lost
                raise Conflict from lost


def _there() -> Condition:
    condition: Condition = ScanItem.pk.exists() & ScanItem.removing.does_not_exist()
    return condition


def _add_task(write: TransactWrite, task: Task, beside: Beside) -> None:
    write.save(task_item(task), condition=TaskItem.pk.does_not_exist())
    write.save(PlaceItem(keys.scan(task.scan_id), keys.analysis(task.id)))
    for account_id in {task.patient_id, task.requested_by}:
        write.save(PlaceItem(keys.tasks_of(account_id), keys.sortable(task.id)))
    if beside.once:
        mark(write, beside.once, beside.made, task.created_at, done=beside.done)


def _write(before: Task, after: Task) -> None:
    unchanged = TaskItem.version == before.version
    shows = after.is_first or after.status is TaskStatus.COMPLETED
    if after.status is before.status or not shows:
        settled(lambda: task_item(after).save(condition=unchanged))
        return

    def fill(write: TransactWrite) -> None:
        write.save(task_item(after), condition=unchanged)
        scan = ScanItem(keys.scan(after.scan_id), keys.SCAN)
        write.update(scan, actions=mirror(after), condition=ScanItem.task_id <= after.id)

    write_together(fill)
