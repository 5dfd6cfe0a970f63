"""What the use-cases of this slice work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.scans.usecases.waiting import Waiting
from scanward.security.access import Access
from scanward.security.tokens import Tokens
from scanward.stores.gate import GateStore
from scanward.stores.lanes import LaneQueues
from scanward.stores.objects import ObjectStore
from scanward.stores.once import OnceStore
from scanward.stores.purging import Purger
from scanward.stores.scan_lists import ScanLists
from scanward.stores.scans import ScanStore
from scanward.stores.upload_counts import UploadCounts


@dataclass(frozen=True, slots=True)
class Imaging:
    """`now` and `fresh_id` are where time and chance come from."""

    scans: ScanStore
    lists: ScanLists
    objects: ObjectStore
    purger: Purger
    lanes: LaneQueues
    waiting: Waiting
    once: OnceStore
    counts: UploadCounts
    access: Access
    accounts: GateStore
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
