"""Taking orders for analyses, once for each Idempotency-Key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.scans.usecases.dependencies import Imaging
from functions.scans.usecases.waiting import spelled
from scanward.clock import fresh_token
from scanward.domain.accounts import Actor
from scanward.domain.claims import Claims, TokenType
from scanward.domain.once import Made, Once
from scanward.domain.orders import Order
from scanward.errors import Conflict, TooManyRequests, UnderWay
from scanward.stores.scans import Beside
from scanward.stores.upload_counts import UploadCounts, seconds_left

NEW_ID_TRIES = 3


@dataclass(frozen=True, slots=True)
class Taking:
    """Who orders what, under which key.

    `finished`: whether keeping it is all there is to do. `timed`: whether to say how long it may take.
    """

    actor: Actor
    order: Order
    once: Once | None
    finished: bool = False
    timed: bool = False
    counts: UploadCounts | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The ids and the time that an order is kept with."""

    scan_id: int
    task_id: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an order became, and the token that follows its task. `unfinished`: more is to be done than keeping it."""

    scan_id: int
    task_id: int
    task_token: str
    estimated_time: str
    unfinished: bool


def accept(
    imaging: Imaging, taking: Taking, keep: Callable[[Draft, Beside], None], scan_id: int | None = None
) -> Accepted:
    """Has an order kept by `keep`, under fresh ids; or gives back what was kept for its key before.

    Raises KeyReused, UnderWay while an earlier request may still be at it, TooManyRequests.
    """
    for _ in range(NEW_ID_TRIES):
        now = imaging.now()
        draft = Draft(scan_id or imaging.fresh_id(now), imaging.fresh_id(now), now)
        made = _made(imaging, taking, draft)
        try:
            keep(draft, Beside(taking.once, made.made, taking.finished, taking.counts))
        except Conflict:  # a key has its mark, too many were begun, or an id is in use: one chance in thousands
            earlier = imaging.once.find(taking.once, now) if taking.once else None
            if earlier:
                return _earlier(imaging, taking, earlier, now)
            if taking.counts and taking.counts.is_full(taking.actor.account_id, now):
                raise TooManyRequests(seconds_left(now), taking.counts.limit) from None
        else:
            return _accepted(imaging, taking, made)
    raise Conflict


def finish(imaging: Imaging, once: Once | None) -> None:
    """Marks an order as carried out, for replays of its key."""
    if once:
        imaging.once.finish(once)


def _made(imaging: Imaging, taking: Taking, draft: Draft) -> Made:
    said = {
        "scan_id": str(draft.scan_id),
        "task_id": str(draft.task_id),
        "token": fresh_token(),
        # Looking into the queue costs a cold function a client of its own.
        "estimated_time": spelled(imaging.waiting.seconds(taking.order.lane)) if taking.timed else "",
    }
    return Made(said, draft.now, taking.finished)


def _earlier(imaging: Imaging, taking: Taking, earlier: Made, now: datetime) -> Accepted:
    if earlier.is_under_way(now):
        raise UnderWay
    return _accepted(imaging, taking, earlier)


def _accepted(imaging: Imaging, taking: Taking, made: Made) -> Accepted:
    task_id = int(made.made["task_id"])
    # Signed for the time at which it was made, so that a replay is answered with the same token.
    claims = Claims(taking.actor.account_id, taking.actor.session_id, made.made["token"], task_id)
    token = imaging.tokens.issue(TokenType.TASK, claims, made.begun_at)
    return Accepted(int(made.made["scan_id"]), task_id, token, made.made["estimated_time"], not made.done)
