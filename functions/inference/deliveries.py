"""Objects that other systems put into the bucket: each becomes a scan of the account whose prefix it lies under."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.inference.arrivals import Arrival, Delivery
from scanward.domain import tasks
from scanward.domain.images import MAX_UPLOAD_BYTES, SIGNATURE_BYTES, format_of
from scanward.domain.once import Made, Once
from scanward.domain.orders import Order
from scanward.domain.places import aside_key
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.errors import Conflict, NotFound, Unavailable
from scanward.stores.gate import GateStore
from scanward.stores.objects import ObjectStore
from scanward.stores.once import OnceStore
from scanward.stores.scans import Beside, ScanStore

KEPT = timedelta(days=30)  # longer than any queue keeps a message about it


@dataclass(frozen=True, slots=True)
class Reception:
    """What receiving works with."""

    scans: ScanStore
    objects: ObjectStore
    accounts: GateStore
    once: OnceStore
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]


def receive(reception: Reception, delivery: Delivery) -> Arrival | None:
    """The task of a delivered object, made at its first announcement; None when it is not an image of an account.

    What decides is the content, whatever the object is called. Raises Unavailable to be tried again.
    """
    once = _once(delivery)
    made = reception.once.find(once, reception.now())
    if made is None:  # later the account may be deactivated, and the object removed with its scan
        if not reception.accounts.is_active(delivery.place.account_id) or not _is_image(reception.objects, delivery):
            return None
        made = _make(reception, delivery, once)
    return _arrival(delivery, made)


def known(store: OnceStore, delivery: Delivery, now: datetime) -> Arrival | None:
    """The task of a delivered object that was announced before, or None."""
    made = store.find(_once(delivery), now)
    return _arrival(delivery, made) if made else None


def set_aside(objects: ObjectStore, key: str, version: str | None) -> None:
    """Takes an object out of the way, so that nothing reads it again; one that is gone is no error."""
    try:
        objects.move(key, aside_key(key), version)
    except NotFound:
        return


def _is_image(objects: ObjectStore, delivery: Delivery) -> bool:
    try:
        head = objects.head(delivery.key, SIGNATURE_BYTES, delivery.version)
    except NotFound:
        return False
    return 0 < head.size <= MAX_UPLOAD_BYTES and format_of(head.content) is not None


def _make(reception: Reception, delivery: Delivery, once: Once) -> Made:
    scan, task = _new(reception, delivery)
    made = {"scan_id": str(scan.id), "task_id": str(task.id)}
    try:
        reception.scans.add(scan, task, Beside(once, made))
    except Conflict as lost:
        found = reception.once.find(once, reception.now())
        if found is None:  # an id was in use, which the next try is not
            raise Unavailable from lost
        return found
    return Made(made, task.created_at, done=True)


def _new(reception: Reception, delivery: Delivery) -> tuple[Scan, Task]:
    now, account = reception.now(), delivery.place.account_id
    scan_id, task_id = reception.fresh_id(now), reception.fresh_id(now)
    order = Order(lane=delivery.place.lane)
    task = tasks.create(task_id, scan_id, account, now, order, object_key=delivery.key)
    scan = Scan(scan_id, account, account, task_id, delivery.key, None, task.status, now)
    # Pinned at once: whoever announces the task knows no version, and another may lie under the name by then.
    pinned = delivery.version
    return replace(scan, object_version=pinned), replace(task, object_version=pinned)


def _arrival(delivery: Delivery, made: Made) -> Arrival:
    return Arrival(int(made.made["scan_id"]), int(made.made["task_id"]), delivery.key, delivery.version)


def _once(delivery: Delivery) -> Once:
    name = hashlib.sha256(f"{delivery.key}\n{delivery.version}".encode()).hexdigest()
    return Once(delivery.place.account_id, f"delivery-{name}", name, KEPT)
