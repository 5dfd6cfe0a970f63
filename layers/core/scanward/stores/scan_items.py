"""How scans are spelled as DynamoDB items."""

from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from scanward.domain.failures import FailureReason
from scanward.domain.orders import ScanType
from scanward.domain.scans import About, DoctorsReading, Scan
from scanward.domain.tasks import Task, TaskStatus
from scanward.stores import keys
from scanward.stores.attributes import JSONText
from scanward.stores.dynamo import from_ms, to_ms


class ScanItem(Model):
    """SCAN#id / SCAN."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
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
    about = JSONText(null=True)
    reading = UnicodeAttribute(null=True)
    reading_by = NumberAttribute(null=True)
    reading_ms = NumberAttribute(null=True)


class GoneItem(Model):
    """SCAN#id / GONE: there was such a scan. It tells what still comes for it from a stranger's."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.GONE)
    expires_at = NumberAttribute()


class ReadingItem(Model):
    """SCAN#id / READING#time: what a doctor read, then; the scan's own is the newest."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    text = UnicodeAttribute()
    doctor_id = NumberAttribute()
    at_ms = NumberAttribute()


class PlaceItem(Model):
    """A place in a list: SCANS#patient or TASKS#account / id, SCAN#id / ANALYSIS#task."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


def mirror(task: Task) -> list[Action]:
    """What a change of a task's status writes into its scan."""
    actions: list[Action] = [ScanItem.status.set(task.status.value), ScanItem.task_id.set(task.id)]
    if task.finished_at:
        actions.append(ScanItem.completed_ms.set(to_ms(task.finished_at)))
    if task.object_version:
        actions.append(ScanItem.object_version.set(task.object_version))
    if task.result is not None:
        actions.append(ScanItem.result.set(dict(task.result)))
        seen = task.result.get("scan_type")
        if seen and task.order.scan_type is None:
            actions.append(ScanItem.scan_type.set(seen))
    if task.failure:
        actions.append(ScanItem.failure.set(task.failure.value))
    elif task.result is not None:
        actions.append(ScanItem.failure.remove())
    return actions


def scan_item(scan: Scan) -> ScanItem:
    """The item of a new scan."""
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
        about=_about(scan.about) if scan.about else None,
        reading=scan.reading.text if scan.reading else None,
        reading_by=scan.reading.doctor_id if scan.reading else None,
        reading_ms=to_ms(scan.reading.at) if scan.reading else None,
    )


def reading_item(scan_id: int, reading: DoctorsReading) -> ReadingItem:
    """The item of what a doctor read."""
    at = to_ms(reading.at)
    item = ReadingItem(keys.scan(scan_id), keys.reading(at))
    item.text, item.doctor_id, item.at_ms = reading.text, reading.doctor_id, at
    return item


def scan_of(item: ScanItem) -> Scan:
    """The scan that an item spells."""
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
        about=About(**item.about) if item.about else None,
        reading=_reading(item),
    )


def _about(about: About) -> dict[str, Any]:
    return {"name": about.name, "description": about.description, "part": about.part}


def _reading(item: ScanItem) -> DoctorsReading | None:
    if item.reading is None:
        return None
    return DoctorsReading(item.reading, int(item.reading_by), from_ms(item.reading_ms))
