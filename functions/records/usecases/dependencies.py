"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.domain.histories import Surgery
from scanward.domain.patient_records import Findings
from scanward.security.access import Access
from scanward.security.tokens import Tokens
from scanward.stores.access_log import AccessLog
from scanward.stores.account_lists import AccountLists
from scanward.stores.accounts import AccountStore
from scanward.stores.care_links import CareLinks
from scanward.stores.connect_tokens import ConnectTokens
from scanward.stores.department_members import DepartmentMembers
from scanward.stores.departments import DepartmentStore
from scanward.stores.exports import ExportStore
from scanward.stores.notices import Notices
from scanward.stores.objects import ObjectStore
from scanward.stores.once import OnceStore
from scanward.stores.own_data_queue import OwnDataQueue
from scanward.stores.patients import PatientStore
from scanward.stores.questions import QuestionStore
from scanward.stores.sheets import SheetStore
from scanward.stores.writings import WritingStore


@dataclass(frozen=True, slots=True)
class Clinic:
    """`access` is the way to another person's data. `now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    connects: ConnectTokens
    links: CareLinks
    patients: PatientStore
    sheets: SheetStore
    log: AccessLog
    directory: AccountLists
    departments: DepartmentStore
    members: DepartmentMembers
    records: WritingStore[Findings]
    histories: WritingStore[Surgery]
    questions: QuestionStore
    notices: Notices
    exports: ExportStore
    own_data: OwnDataQueue
    objects: ObjectStore
    once: OnceStore
    access: Access
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
