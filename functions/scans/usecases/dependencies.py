"""What the use-cases of this slice work with, the estimate of waiting times included."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanward.domain.orders import Priority
from scanward.errors import Unavailable
from scanward.security.access import Access
from scanward.security.tokens import Tokens
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.queues import PersonalDataQueue, PriorityQueues
from scanward.stores.rate_limits import HighOrderStore, UploadRateStore
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.sessions import SessionStore
from scanward.stores.tasks import DurationStore

DEPTH_MAX_AGE = timedelta(seconds=15)
DEFAULT_SECONDS = 10.0  # seconds an analysis takes until one was measured


class WaitEstimator:
    """Looks at each lane now and then, and remembers it. `at_once`: how many analyses of each run side by side."""

    def __init__(
        self,
        lanes: PriorityQueues,
        durations: DurationStore,
        at_once: Mapping[Priority, int],
        now: Callable[[], datetime],
    ) -> None:
        self._lanes = lanes
        self._durations = durations
        self._at_once = at_once
        self._now = now
        self._measurements: dict[Priority, tuple[datetime, float]] = {}

    def seconds(self, lane: Priority) -> float:
        """Return about how long an upload in this lane waits for its result from now on.

        Raises nothing: where the measure is missing, a guess stays.
        """
        now = self._now()
        measurement = self._measurements.get(lane)
        if measurement is None or now - measurement[0] >= DEPTH_MAX_AGE:
            self._measurements[lane] = measurement = (now, self._measure(lane))
        return measurement[1]

    def _measure(self, lane: Priority) -> float:
        try:
            each = self._durations.seconds(lane) or DEFAULT_SECONDS
            return each * (1 + self._lanes.depth(lane) / self._at_once[lane])
        except Unavailable:
            return DEFAULT_SECONDS


def format_duration(seconds: float) -> str:
    """Return a duration as the documents spell it: in tens of seconds up to a minute, then in minutes, always rounded
    up.
    """
    if seconds <= 60:
        return f"{max(10, -int(-seconds // 10) * 10)} seconds"
    minutes = -int(-seconds // 60)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


@dataclass(frozen=True, slots=True)
class ScanDeps:
    """`now` and `fresh_id` are where time and chance come from."""

    scans: ScanStore
    lists: ScanListStore
    objects: ObjectStore
    purger: Purger
    lanes: PriorityQueues
    personal_data: PersonalDataQueue
    wait_estimator: WaitEstimator
    idempotency: IdempotencyStore
    counts: UploadRateStore
    high_orders: HighOrderStore
    access: Access
    sessions: SessionStore
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
