"""Taking orders for analyses, once for each Idempotency-Key."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from functions.scans.usecases.dependencies import ScanDeps, format_duration
from scanward.clock import fresh_token
from scanward.domain.accounts import Actor
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.orders import Order, Priority
from scanward.domain.tokens import Claims, TokenType
from scanward.errors import InProgress, ScanwardError, Unavailable
from scanward.stores.idempotency import create_once
from scanward.stores.scans import IdempotencyWrite

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Who orders what, under which key.

    `is_complete`: whether storing it is all there is to do. `estimates_time`: whether to say how long it may take.
    """

    actor: Actor
    order: Order
    idempotency_key: IdempotencyKey | None
    is_complete: bool = False
    estimates_time: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """The ids and the time that an order is kept with, and the order with the priority that it gets."""

    scan_id: int
    task_id: int
    now: datetime
    order: Order


@dataclass(frozen=True, slots=True)
class AcceptedOrder(Generic[K]):
    """What an order became, and the token that follows its task.

    `priority`: what it got. `is_reduced`: whether that is less than what was asked for. `is_incomplete`: whether more
    is left to do. `new_item`: what was stored just now, None for a replay.
    """

    scan_id: int
    task_id: int
    task_token: str
    estimated_time: str
    begun_at: datetime
    priority: Priority
    is_reduced: bool
    is_incomplete: bool
    new_item: K | None


def place_order(
    deps: ScanDeps, taking: OrderRequest, keep: Callable[[Draft, IdempotencyWrite], K], scan_id: int | None = None
) -> AcceptedOrder[K]:
    """Have an order kept by `keep`, under fresh ids; or give back what was kept for its key before.

    Raises IdempotencyKeyReused, InProgress while an earlier request may still be at it.
    """

    def create(now: datetime) -> AcceptedOrder[K]:
        with _count_order(deps, taking, now) as order:
            draft = Draft(scan_id or deps.fresh_id(now), deps.fresh_id(now), now, order)
            record = _new_record(deps, taking, draft)
            new_item = keep(draft, IdempotencyWrite(taking.idempotency_key, record.answer, taking.is_complete))
        return _accepted_order(deps, taking, record, new_item)

    def replay(record: IdempotencyRecord) -> AcceptedOrder[K]:
        if record.is_in_progress(deps.now()):
            raise InProgress
        return _accepted_order(deps, taking, record, None)

    # Most keys are new, and looking each up first would cost them a round trip.
    return create_once(
        store=deps.idempotency,
        key=taking.idempotency_key,
        now=deps.now,
        create=create,
        replay=replay,
        looks_up_first=False,
    )


@contextmanager
def _count_order(deps: ScanDeps, taking: OrderRequest, now: datetime) -> Iterator[Order]:
    """Count the order and provide it with the priority that it gets: MEDIUM for HIGH where the day's are used up.

    One that is not kept (it was before, under its key) is not counted.
    """
    if taking.order.priority is not Priority.HIGH:
        yield taking.order
        return
    if not deps.high_orders.count(taking.actor, now):
        yield replace(taking.order, priority=Priority.MEDIUM)
        return
    try:
        yield taking.order
    except ScanwardError:
        with suppress(Unavailable):  # then the account has one less for the day
            deps.high_orders.uncount(taking.actor, now)
        raise


def complete_order(deps: ScanDeps, idempotency_key: IdempotencyKey | None) -> None:
    """Mark an order as carried out, for replays of its key."""
    if idempotency_key:
        deps.idempotency.finish(idempotency_key)


def _new_record(deps: ScanDeps, taking: OrderRequest, draft: Draft) -> IdempotencyRecord:
    payload = {
        "scan_id": str(draft.scan_id),
        "task_id": str(draft.task_id),
        "token": fresh_token(),
        "priority": draft.order.priority.value,
        # Looking into the queue costs a cold function a client of its own.
        "estimated_time": format_duration(deps.wait_estimator.seconds(draft.order.priority))
        if taking.estimates_time
        else "",
    }
    return IdempotencyRecord(payload, draft.now, taking.is_complete)


def _accepted_order(
    deps: ScanDeps, taking: OrderRequest, record: IdempotencyRecord, new_item: K | None
) -> AcceptedOrder[K]:
    task_id = int(record.answer["task_id"])
    priority = Priority(record.answer.get("priority", taking.order.priority))  # earlier records do not say
    # Signed for the time at which it was made, so that a replay is answered with the same token.
    claims = Claims(taking.actor.account_id, taking.actor.session_id, record.answer["token"], task_id)
    token = deps.tokens.issue(TokenType.TASK, claims, record.begun_at)
    return AcceptedOrder(
        scan_id=int(record.answer["scan_id"]),
        task_id=task_id,
        task_token=token,
        estimated_time=record.answer["estimated_time"],
        begun_at=record.begun_at,
        priority=priority,
        is_reduced=priority is not taking.order.priority,
        is_incomplete=not record.is_complete,
        new_item=new_item,
    )
