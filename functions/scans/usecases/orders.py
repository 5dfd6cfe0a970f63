"""Taking orders for analyses, once for each Idempotency-Key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from functions.scans.usecases.dependencies import ScanDeps, format_duration
from scanward.clock import fresh_token
from scanward.domain.accounts import Actor
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.orders import Order
from scanward.domain.tokens import Claims, TokenType
from scanward.errors import Conflict, InProgress
from scanward.stores.scans import IdempotencyWrite

NEW_ID_TRIES = 3

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Taking:
    """Who orders what, under which key.

    `finished`: whether keeping it is all there is to do. `timed`: whether to say how long it may take.
    """

    actor: Actor
    order: Order
    idempotency_key: IdempotencyKey | None
    finished: bool = False
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """The ids and the time that an order is kept with."""

    scan_id: int
    task_id: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Accepted(Generic[K]):
    """What an order became, and the token that follows its task.

    `unfinished`: more is to be done than keeping it. `kept`: what was kept just now, None where it was kept before.
    """

    scan_id: int
    task_id: int
    task_token: str
    estimated_time: str
    begun_at: datetime
    unfinished: bool
    kept: K | None


def accept(
    imaging: ScanDeps, taking: Taking, keep: Callable[[Draft, IdempotencyWrite], K], scan_id: int | None = None
) -> Accepted[K]:
    """Has an order kept by `keep`, under fresh ids; or gives back what was kept for its key before.

    Raises KeyReused, UnderWay while an earlier request may still be at it.
    """
    for _ in range(NEW_ID_TRIES):
        now = imaging.now()
        draft = Draft(scan_id or imaging.fresh_id(now), imaging.fresh_id(now), now)
        made = _made(imaging, taking, draft)
        try:
            kept = keep(draft, IdempotencyWrite(taking.idempotency_key, made.answer, taking.finished))
        except Conflict:  # the key has its mark, or an id is in use: one chance in thousands
            earlier = imaging.idempotency.find(taking.idempotency_key, now) if taking.idempotency_key else None
            if earlier and earlier.is_in_progress(now):
                raise InProgress from None
            if earlier:
                return _accepted(imaging, taking, earlier, None)
        else:
            return _accepted(imaging, taking, made, kept)
    raise Conflict


def finish(imaging: ScanDeps, once: IdempotencyKey | None) -> None:
    """Marks an order as carried out, for replays of its key."""
    if once:
        imaging.idempotency.finish(once)


def _made(imaging: ScanDeps, taking: Taking, draft: Draft) -> IdempotencyRecord:
    said = {
        "scan_id": str(draft.scan_id),
        "task_id": str(draft.task_id),
        "token": fresh_token(),
        # Looking into the queue costs a cold function a client of its own.
        "estimated_time": format_duration(imaging.wait_estimator.seconds(taking.order.priority))
        if taking.timed
        else "",
    }
    return IdempotencyRecord(said, draft.now, taking.finished)


def _accepted(imaging: ScanDeps, taking: Taking, made: IdempotencyRecord, kept: K | None) -> Accepted[K]:
    task_id = int(made.answer["task_id"])
    # Signed for the time at which it was made, so that a replay is answered with the same token.
    claims = Claims(taking.actor.account_id, taking.actor.session_id, made.answer["token"], task_id)
    token = imaging.tokens.issue(TokenType.TASK, claims, made.begun_at)
    return Accepted(
        scan_id=int(made.answer["scan_id"]),
        task_id=task_id,
        task_token=token,
        estimated_time=made.answer["estimated_time"],
        begun_at=made.begun_at,
        unfinished=not made.done,
        kept=kept,
    )
