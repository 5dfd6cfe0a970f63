"""Uploads, workers, sweeper and dead letters over one AWS in the process, with a clock that only a test moves."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from functions.inference.analysis import AnalysisDeps, DurationTracker
from functions.inference.arrivals import ArrivalDeps, Batch, take_in
from functions.inference.dead_letters import DeadLetterDeps, fail_dead_letter
from functions.inference.ingest import IngestDeps, UploadedObject, parse_message
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import Outcome, process
from functions.scans.sweeper import SweepDeps, sweep
from functions.scans.usecases.dependencies import ScanDeps, WaitEstimator
from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.uploads import UploadCommand, UploadedImage, upload
from imaging.model import Model
from scanward.clock import fresh_id
from scanward.domain.accounts import Actor, Role
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.image_formats import ImageFormat
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import Task
from scanward.security.access import Access
from scanward.security.tokens import Tokens
from scanward.stores.care import CareStore
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.queues import PersonalDataQueue, PriorityQueues
from scanward.stores.rate_limits import HighOrderStore, UploadRateStore
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.secrets import PseudonymKeyStore, read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.stores.tasks import DurationStore
from tests.support.clock import Clock
from tests.support.cloud import BUCKET, ROOT, SECRET
from tests.support.images import half_size, png
from tests.support.queues import Queues

TABLE = "ScansTable"
ADA = Actor(3, Role.PATIENT, is_approved=True, session_id="s")
PNG = png(half_size(ROOT / "samples" / "clear-1.png"))
MINUTE = timedelta(minutes=1)


class CountedModels(ModelRegistry):
    """The real ones. `runs`: how often one was run."""

    runs = 0

    def load(self, name: str) -> Model:
        return replace(super().load(name), session=_Counted(self, super().load(name).session))


class _Counted:
    def __init__(self, models: CountedModels, session: Any) -> None:
        self._models = models
        self._session = session

    def run(self, *given: Any, **more: Any) -> Any:
        self._models.runs += 1
        return self._session.run(*given, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


@cache
def models() -> CountedModels:
    """Load the models once for all cases."""
    return CountedModels(ROOT / "layers" / "model" / "models", memory_mb=1769)


class UniqueIds:
    """Ids as the functions make them, none of them twice: while the clock stands, chance alone would repeat one."""

    def __init__(self) -> None:
        self._ids = set[int]()

    def make(self, when: datetime) -> int:
        while (number := fresh_id(when)) in self._ids:
            pass
        self._ids.add(number)
        return number


class Workers:
    """Uploads, the worker, the sweeper and the dead letters. `queues`: their lanes. `clock`: what they all see."""

    def __init__(self, clock: Clock) -> None:
        ids = UniqueIds()
        self.clock, self.queues = clock, Queues()
        self.scans, self.objects = ScanStore(TABLE), ObjectStore(BUCKET)
        now, lanes, idempotency = self.clock.now, PriorityQueues(self.queues.lanes), IdempotencyStore(TABLE)
        self.models = models()
        purger, pace = Purger(BUCKET), DurationTracker(DurationStore(TABLE))
        self.inference = AnalysisDeps(
            scans=self.scans,
            objects=self.objects,
            purger=purger,
            models=self.models,
            pace=pace,
            pseudonyms=PseudonymKeyStore(TABLE),
            now=now,
        )
        access, sessions = Access(CareStore("ClinicTable"), now), SessionStore("AccountsTable")
        self.arrivals = ArrivalDeps(
            ingest=IngestDeps(
                scans=self.scans,
                objects=self.objects,
                sessions=sessions,
                idempotency=idempotency,
                now=now,
                fresh_id=ids.make,
            ),
            access=access,
            lanes=lanes,
            purger=purger,
            bucket=BUCKET,
        )
        self.sweeper = SweepDeps(
            scans=self.scans,
            objects=self.objects,
            lanes=lanes,
            arrivals=PriorityQueues(self.queues.arrivals),
            now=now,
        )
        self.dead = DeadLetterDeps(self.scans, idempotency, self.objects, now)
        self.imaging = ScanDeps(
            scans=self.scans,
            lists=ScanListStore(TABLE),
            objects=self.objects,
            purger=purger,
            lanes=lanes,
            personal_data=PersonalDataQueue(os.environ["OWN_DATA_QUEUE_URL"]),
            wait_estimator=WaitEstimator(lanes, DurationStore(TABLE), dict.fromkeys(Priority, 2), now),
            idempotency=idempotency,
            counts=UploadRateStore(TABLE, 10**6),
            high_orders=HighOrderStore(TABLE, 10**6, 10**6),
            access=access,
            sessions=sessions,
            tokens=Tokens(partial(read_token_keys, SECRET), now),
            now=now,
            fresh_id=ids.make,
        )

    def upload(
        self, idempotency_key: IdempotencyKey | None = None, content: bytes = PNG, order: Order | None = None
    ) -> AcceptedOrder[Any]:
        """Return an upload, of which S3 says nothing by itself."""
        return upload(
            deps=self.imaging,
            actor=ADA,
            image=UploadedImage(content, ImageFormat.PNG),
            command=UploadCommand(order or Order(Priority.HIGH)),
            idempotency_key=idempotency_key,
        )

    def task(self, of: int | AcceptedOrder[Any] | Task) -> Task:
        found = self.scans.task(of if isinstance(of, int) else of.id if isinstance(of, Task) else of.task_id)
        assert found
        return found

    def take_in(self, *bodies: str) -> Batch:
        """Let the arrivals' function handle one batch of messages; what is raised in it is raised."""

        def fail(failure: Exception) -> None:
            raise failure

        return take_in(self.arrivals, {str(number): body for number, body in enumerate(bodies)}, fail)

    def analyse(self, body: str) -> None:
        """Let the worker handle one message."""
        for arrival in parse_message(body, BUCKET):
            assert isinstance(arrival, UploadedObject)
            self.outcome(arrival)

    def outcome(self, arrival: UploadedObject) -> Outcome:
        return process(self.inference, arrival)

    def bury(self, body: str) -> None:
        """Let the dead-letter function handle one message."""
        for announced in parse_message(body, BUCKET):
            fail_dead_letter(self.dead, announced)

    def work(self, lane: Priority = Priority.HIGH, rounds: int = 50) -> list[BaseException]:
        """Let what has come be taken in, the worker read a lane until it is empty, and the dead letters be read too;
        what was raised.
        """
        raised = []
        queues = (
            (self.queues.arrivals[lane], self.take_in),
            (self.queues.lanes[lane], self.analyse),
            (self.queues.dead, self.bury),
        )
        for url, reader in queues:
            for _ in range(rounds):
                failure = self.queues.read(url, reader)
                raised += [failure] if failure else []
                if not self.queues.waiting(url):
                    break
        return raised

    def minutes(self, count: int, each: Callable[[], object] = lambda: None) -> None:
        """Time goes by, with its sweep each minute."""
        for _ in range(count):
            self.clock.ahead += MINUTE
            sweep(self.sweeper)
            each()
