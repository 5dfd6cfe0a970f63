"""What packing and erasing work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.care_links import CareLinks
from scanward.stores.department_members import DepartmentMembers
from scanward.stores.erasing import Eraser
from scanward.stores.exports import ExportStore
from scanward.stores.gate import GateStore
from scanward.stores.objects import ObjectStore
from scanward.stores.own_data_queue import OwnDataQueue
from scanward.stores.own_texts import OwnTexts
from scanward.stores.purging import Purger
from scanward.stores.scan_lists import ScanLists
from scanward.stores.scans import ScanStore
from scanward.stores.sheets import SheetStore


@dataclass(frozen=True, slots=True)
class OwnData:
    """All that is kept of a person, wherever it lies. `now` is where time comes from."""

    accounts: AccountStore
    gate: GateStore
    scans: ScanStore
    lists: ScanLists
    links: CareLinks
    members: DepartmentMembers
    sheets: SheetStore
    texts: OwnTexts
    log: AccessLog
    exports: ExportStore
    objects: ObjectStore
    archives: Archives
    eraser: Eraser
    purger: Purger
    queue: OwnDataQueue
    now: Callable[[], datetime]
