"""What packing and erasing work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.care import CareLinkStore
from scanward.stores.departments import DepartmentMembers
from scanward.stores.patients import ChartStore
from scanward.stores.personal_data import Eraser, ExportStore, OwnTexts
from scanward.stores.queues import OwnDataQueue
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanLists, ScanStore
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class OwnData:
    """All that is kept of a person, wherever it lies. `now` is where time comes from."""

    accounts: AccountStore
    gate: SessionStore
    scans: ScanStore
    lists: ScanLists
    links: CareLinkStore
    members: DepartmentMembers
    charts: ChartStore
    texts: OwnTexts
    log: AccessLog
    exports: ExportStore
    objects: ObjectStore
    archives: Archives
    eraser: Eraser
    purger: Purger
    queue: OwnDataQueue
    now: Callable[[], datetime]
