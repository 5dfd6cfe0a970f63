"""Scans in DynamoDB, with the writes of their tasks, their lists, and their removal.

A task is written only over the version that was read, so of two writers one wins. A page of a list costs the same
however many scans there are.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.orders import ScanType
from scanward.domain.pagination import ListPage, PageRange, cut_page
from scanward.domain.results import without_knowledge
from scanward.domain.scans import Reading, Scan, UploadDescription
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import Conflict, NotFound
from scanward.stores import keys
from scanward.stores.dynamo import (
    ConditionFailed,
    JSONText,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    query_rows,
    retry_on_conflict,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.tasks import DueIndex, TaskItem, as_stored, task_item, task_of


class ScanItem(TableItem):
    """SCAN#id / SCAN."""

    sk = UnicodeAttribute(range_key=True, default=keys.SCAN)
    patient_id = NumberAttribute()
    uploaded_by = NumberAttribute()
    task_id = NumberAttribute()
    object_key = UnicodeAttribute()
    object_version = UnicodeAttribute(null=True)
    removing = BooleanAttribute(null=True)
    scan_type = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    created_ms = NumberAttribute()
    completed_ms = NumberAttribute(null=True)
    result = JSONText(null=True)
    failure = UnicodeAttribute(null=True)
    failure_message = UnicodeAttribute(null=True)
    about = JSONText(null=True)
    reading = UnicodeAttribute(null=True)
    reading_by = NumberAttribute(null=True)
    reading_ms = NumberAttribute(null=True)


class RemovedScanItem(TableItem):
    """SCAN#id / GONE: there was such a scan. It tells what still comes for it from a stranger's."""

    sk = UnicodeAttribute(range_key=True, default=keys.REMOVED_SCAN)
    expires_at = NumberAttribute()


class ReadingItem(TableItem):
    """SCAN#id / READING#time-chance: what a doctor read, then; the scan's own is the newest."""

    text = UnicodeAttribute()
    doctor_id = NumberAttribute()
    at_ms = NumberAttribute()


class ListEntry(TableItem):
    """A place in a list: SCANS#patient or TASKS#account / id, SCAN#id / ANALYSIS#task."""


def scan_actions(task: Task) -> list[Action]:
    """Return what a change of a task's status writes into its scan."""
    actions: list[Action] = [ScanItem.status.set(task.status.value), ScanItem.task_id.set(task.id)]
    if task.finished_at:
        actions.append(ScanItem.completed_ms.set(to_ms(task.finished_at)))
    if task.object_version:
        actions.append(ScanItem.object_version.set(task.object_version))
    if task.result is not None:
        actions.append(ScanItem.result.set(without_knowledge(task.result)))
        read_type = task.result.get("scan_type")
        if read_type and task.order.scan_type is None:
            actions.append(ScanItem.scan_type.set(read_type))
    if task.failure:
        actions += [ScanItem.failure.set(task.failure.value), ScanItem.failure_message.set(task.message)]
    elif task.result is not None:
        actions += [ScanItem.failure.remove(), ScanItem.failure_message.remove()]
    return actions


def scan_item(scan: Scan) -> ScanItem:
    """Return the item of a new scan."""
    return ScanItem(
        keys.scan(scan.id),
        patient_id=scan.patient_id,
        uploaded_by=scan.uploaded_by,
        task_id=scan.task_id,
        object_key=scan.object_key,
        object_version=scan.object_version,
        scan_type=scan.scan_type.value if scan.scan_type else None,
        status=scan.status.value,
        created_ms=to_ms(scan.created_at),
        about=_about(scan.description) if scan.description else None,
        reading=scan.reading.text if scan.reading else None,
        reading_by=scan.reading.doctor_id if scan.reading else None,
        reading_ms=to_ms(scan.reading.at) if scan.reading else None,
    )


def reading_item(scan_id: int, reading: Reading) -> ReadingItem:
    """Return the item of what a doctor read."""
    at = to_ms(reading.at)
    item = ReadingItem(keys.scan(scan_id), keys.reading(at, secrets.token_hex(6)))
    item.text, item.doctor_id, item.at_ms = reading.text, reading.doctor_id, at
    return item


def scan_of(item: ScanItem) -> Scan:
    """Return the scan that an item spells."""
    return Scan(
        id=keys.number(item.pk),
        patient_id=int(item.patient_id),
        uploaded_by=int(item.uploaded_by),
        task_id=int(item.task_id),
        object_key=item.object_key,
        object_version=item.object_version,
        scan_type=ScanType(item.scan_type) if item.scan_type else None,
        status=TaskStatus(item.status),
        created_at=from_ms(item.created_ms),
        completed_at=from_ms(item.completed_ms) if item.completed_ms else None,
        result=item.result,
        failure=FailureReason(item.failure) if item.failure else None,
        failure_message=item.failure_message,
        description=UploadDescription(**item.about) if item.about else None,
        reading=_reading(item),
    )


def _about(about: UploadDescription) -> dict[str, Any]:
    return {"name": about.name, "description": about.description, "part": about.part}


def _reading(item: ScanItem) -> Reading | None:
    if item.reading is None:
        return None
    return Reading(item.reading, int(item.reading_by), from_ms(item.reading_ms))


@dataclass(frozen=True, slots=True)
class IdempotencyWrite:
    """What else a new scan's transaction writes: the mark of its Idempotency-Key.

    `made`: what a replay of the key is answered with. `done`: whether nothing is left to do after the transaction.
    """

    key: IdempotencyKey | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = True


NO_IDEMPOTENCY = IdempotencyWrite()


class ScanStore:
    """Reads and writes scans and tasks. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (TaskItem, ScanItem, ListEntry, ReadingItem, IdempotencyItem):
            bind_table(model, table)

    def add(self, scan: Scan, task: Task, beside: IdempotencyWrite = NO_IDEMPOTENCY) -> None:
        """Keep a new scan with its task, all or nothing.

        Raises Conflict when an id is in use or a key has its mark.
        """

        def fill(write: TransactWrite) -> None:
            write.save(scan_item(scan), condition=ScanItem.pk.does_not_exist())
            write.save(ListEntry(keys.scans_of(scan.patient_id), keys.sortable(scan.id)))
            if scan.reading:
                write.save(reading_item(scan.id, scan.reading), condition=ReadingItem.pk.does_not_exist())
            _add_task(write, task, beside)

        self._add(fill, task)

    def add_analysis(self, task: Task, beside: IdempotencyWrite = NO_IDEMPOTENCY) -> None:
        """Keep another analysis of a scan. Raises NotFound when the scan is gone, Conflict as `add` does."""

        def fill(write: TransactWrite) -> None:
            write.condition_check(ScanItem, keys.scan(task.scan_id), keys.SCAN, condition=_exists())
            _add_task(write, task, beside)

        try:
            self._add(fill, task)
        except Conflict:
            if self.get(task.scan_id, include_removing=True) is None:
                raise NotFound from None
            raise

    def get(self, scan_id: int, *, include_removing: bool = False) -> Scan | None:
        """Return the scan, strongly consistent; one round trip. One that is being removed is there for nobody else."""
        item = get_item(ScanItem, keys.scan(scan_id), keys.SCAN)
        return scan_of(item) if item and (include_removing or not item.removing) else None

    def task(self, task_id: int) -> Task | None:
        """Return the task, strongly consistent; one round trip."""
        item = get_item(TaskItem, keys.task(task_id), keys.TASK)
        return task_of(item) if item else None

    def write_transition(self, before: Task, after: Task) -> Task:
        """Write `after` on the condition that `before` is still the task's version, and give it back.

        A change of status is written to the scan in the same transaction, where the scan shows it. A lost
        acknowledgement is no failure: what is found then carries `after`'s own version and attempt. Raises Conflict
        when another writer was first.
        """
        try:
            _write(before, after)
        except ConditionFailed as error:
            task = self.task(after.id)
            if task == before and not before.is_first:
                return self._write_newest(before, after)
            if task != as_stored(after):
                raise Conflict from error
        return after

    def due_tasks(self, shard: int, now: datetime, limit: int) -> list[int]:
        """Return ids of up to `limit` tasks of one shard that should be looked at by `now`, the longest due first."""
        with sdk_errors_mapped():
            items = TaskItem.due.query(shard, DueIndex.due_at <= to_ms(now), limit=limit)
            return [keys.number(item.pk) for item in items]

    def set_reading(self, scan_id: int, reading: Reading) -> None:
        """Keep what a doctor reads, beside what the model does and what was read before. Raises NotFound."""
        actions: list[Action] = [
            ScanItem.reading.set(reading.text),
            ScanItem.reading_by.set(reading.doctor_id),
            ScanItem.reading_ms.set(to_ms(reading.at)),
        ]

        item = reading_item(scan_id, reading)

        def fill(write: TransactWrite) -> None:
            write.update(ScanItem(keys.scan(scan_id), keys.SCAN), actions=actions, condition=_exists())
            write.save(item, condition=ReadingItem.pk.does_not_exist())

        try:
            transact_write(fill)
        except ConditionFailed as error:
            if get_item(ReadingItem, item.pk, item.sk) is None:  # else only the acknowledgement was lost
                raise NotFound from error

    def begin_removal(self, scan_id: int) -> None:
        """Begin a removal: nothing more is ordered for the scan; one that is gone is no error."""
        try:
            with sdk_errors_mapped():
                ScanItem(keys.scan(scan_id), keys.SCAN).update(
                    [ScanItem.removing.set(True)], condition=ScanItem.pk.exists()
                )
        except ConditionFailed:
            return

    def was_removed(self, scan_id: int) -> bool:
        """Tell whether there was such a scan, or it is being removed; one round trip."""
        with sdk_errors_mapped():
            item_keys = [(keys.scan(scan_id), keys.SCAN), (keys.scan(scan_id), keys.REMOVED_SCAN)]
            by_id = {item.sk: item for item in ScanItem.batch_get(item_keys, consistent_read=True)}
        return keys.REMOVED_SCAN in by_id or (keys.SCAN in by_id and bool(by_id[keys.SCAN].removing))

    def _write_newest(self, before: Task, after: Task) -> Task:
        """Write a task alone whose scan shows a later one's result already, or be gone."""
        try:
            with sdk_errors_mapped():
                task_item(after).save(condition=TaskItem.version == before.version)
        except ConditionFailed as error:
            if self.task(after.id) != as_stored(after):
                raise Conflict from error
        return after

    def _add(self, fill: Callable[[TransactWrite], None], task: Task) -> None:
        try:
            transact_write(fill)
        except ConditionFailed as error:
            if self.task(task.id) != task:  # else it was kept, and the acknowledgement got lost
                raise Conflict from error


def _exists() -> Condition:
    condition: Condition = ScanItem.pk.exists() & ScanItem.removing.does_not_exist()
    return condition


def _add_task(write: TransactWrite, task: Task, beside: IdempotencyWrite) -> None:
    write.save(task_item(task), condition=TaskItem.pk.does_not_exist())
    write.save(ListEntry(keys.scan(task.scan_id), keys.analysis(task.id)))
    for account_id in {task.patient_id, task.requested_by}:
        write.save(ListEntry(keys.tasks_of(account_id), keys.sortable(task.id)))
    if beside.key:
        put_record(write, beside.key, beside.answer, task.created_at, is_done=beside.is_complete)


def _write(before: Task, after: Task) -> None:
    same_version = TaskItem.version == before.version
    shows = after.is_first or after.status is TaskStatus.COMPLETED
    if after.status is before.status or not shows:
        retry_on_conflict(lambda: task_item(after).save(condition=same_version))
        return

    def fill(write: TransactWrite) -> None:
        write.save(task_item(after), condition=same_version)
        scan = ScanItem(keys.scan(after.scan_id), keys.SCAN)
        write.update(scan, actions=scan_actions(after), condition=ScanItem.task_id <= after.id)

    transact_write(fill)


REMOVAL_BATCH = 20
REMOVAL_RETENTION = timedelta(days=30)  # longer than any queue keeps a message about it


class ScanListStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (TaskItem, ScanItem, ListEntry, ReadingItem, RemovedScanItem):
            bind_table(model, table)

    def scans_of(self, patient_id: int, part: PageRange) -> ListPage[int]:
        """Return a patient's scans."""
        return _page(keys.scans_of(patient_id), part)

    def tasks_of(self, account_id: int, part: PageRange) -> ListPage[int]:
        """Return the tasks about an account, and those that it asked for."""
        return _page(keys.tasks_of(account_id), part)

    def analyses_of(self, scan_id: int, limit: int) -> list[int]:
        """Return the newest tasks of a scan."""
        with sdk_errors_mapped():
            condition = ListEntry.sk.startswith(keys.ANALYSIS_PREFIX)
            items = ListEntry.query(
                keys.scan(scan_id), condition, scan_index_forward=False, limit=limit, consistent_read=True
            )
            return [keys.number(item.sk) for item in items]

    def scans(self, ids: Sequence[int]) -> list[Scan]:
        """Return the scans among these ids that are there and stay, in their order, strongly consistent."""
        with sdk_errors_mapped():
            items = ScanItem.batch_get([(keys.scan(number), keys.SCAN) for number in ids], consistent_read=True)
            by_id = {keys.number(item.pk): scan_of(item) for item in items if not item.removing}
        return [by_id[number] for number in ids if number in by_id]

    def tasks(self, ids: Sequence[int]) -> list[Task]:
        """Return the tasks among these ids that are there, in their order."""
        with sdk_errors_mapped():
            items = TaskItem.batch_get([(keys.task(number), keys.TASK) for number in ids], consistent_read=True)
            by_id = {keys.number(item.pk): task_of(item) for item in items}
        return [by_id[number] for number in ids if number in by_id]

    def remove_tasks(self, tasks: Sequence[Task]) -> None:
        """Forget tasks, with their places in all lists."""
        for begin in range(0, len(tasks), REMOVAL_BATCH):
            items = [item for task in tasks[begin : begin + REMOVAL_BATCH] for item in _task_items(task)]
            _delete(items)

    def readings_of(self, scan_id: int, limit: int | None = None) -> list[Reading]:
        """Return what doctors have read in a scan, strongly consistent, the newest first; all without a limit."""
        with sdk_errors_mapped():
            condition = ReadingItem.sk.startswith(keys.READING_PREFIX)
            items = ReadingItem.query(
                keys.scan(scan_id), condition, consistent_read=True, scan_index_forward=False, limit=limit
            )
            return [Reading(item.text, int(item.doctor_id), from_ms(item.at_ms)) for item in items]

    def remove_scan(self, scan: Scan, now: datetime) -> None:
        """Forget a scan whose tasks are forgotten; for a while it is known that there was one."""
        with sdk_errors_mapped():
            condition = ReadingItem.sk.startswith(keys.READING_PREFIX)
            readings = list(ReadingItem.query(keys.scan(scan.id), condition, consistent_read=True))
            with ReadingItem.batch_write() as batch:
                for item in readings:
                    batch.delete(item)

        def fill(write: TransactWrite) -> None:
            write.delete(ScanItem(keys.scan(scan.id), keys.SCAN))
            write.delete(ListEntry(keys.scans_of(scan.patient_id), keys.sortable(scan.id)))
            write.save(RemovedScanItem(keys.scan(scan.id), expires_at=int((now + REMOVAL_RETENTION).timestamp())))

        transact_write(fill)


def _page(key: str, part: PageRange) -> ListPage[int]:
    older = ListEntry.sk < keys.sortable(part.before) if part.before is not None else None
    rows = query_rows(ListEntry, key, part, older=older)
    return cut_page(rows, part, lambda item: int(item.sk), lambda item: int(item.sk))


def _task_items(task: Task) -> list[TaskItem | ListEntry]:
    accounts = {task.patient_id, task.requested_by}
    lists = [ListEntry(keys.tasks_of(account), keys.sortable(task.id)) for account in accounts]
    return [
        TaskItem(keys.task(task.id), keys.TASK),
        ListEntry(keys.scan(task.scan_id), keys.analysis(task.id)),
        *lists,
    ]


def _delete(items: Sequence[TaskItem | ListEntry]) -> None:
    def fill(write: TransactWrite) -> None:
        for item in items:
            write.delete(item)

    transact_write(fill)
