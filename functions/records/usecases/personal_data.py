"""What packing and erasing work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.care import CareLinkStore
from scanward.stores.departments import MembershipStore
from scanward.stores.patients import ChartStore
from scanward.stores.personal_data import ClinicalTexts, Eraser, ExportStore
from scanward.stores.queues import PersonalDataQueue
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class PersonalDataDeps:
    """All that is kept of a person, wherever it lies. `now` is where time comes from."""

    accounts: AccountStore
    sessions: SessionStore
    scans: ScanStore
    lists: ScanListStore
    links: CareLinkStore
    members: MembershipStore
    charts: ChartStore
    texts: ClinicalTexts
    access_log: AccessLog
    exports: ExportStore
    objects: ObjectStore
    archives: Archives
    eraser: Eraser
    purger: Purger
    queue: PersonalDataQueue
    now: Callable[[], datetime]
