"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.domain.clinical_notes import Findings, Surgery
from scanward.security.access import Access
from scanward.security.tokens import Tokens
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.care import CareLinkStore, ConnectTokenStore
from scanward.stores.clinical_notes import NoteStore
from scanward.stores.departments import DepartmentStore, MembershipStore
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.identity.account_lists import AccountListStore
from scanward.stores.mail import MailQueue
from scanward.stores.notifications import NotificationStore
from scanward.stores.patients import ChartStore, PatientStore
from scanward.stores.personal_data import ExportStore
from scanward.stores.questions import QuestionStore
from scanward.stores.queues import PersonalDataQueue
from scanward.stores.rate_limits import GlassRateStore
from scanward.stores.s3 import ObjectStore


@dataclass(frozen=True, slots=True)
class RecordDeps:
    """`access` is the way to another person's data. `now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    connect_tokens: ConnectTokenStore
    links: CareLinkStore
    patients: PatientStore
    charts: ChartStore
    access_log: AccessLog
    directory: AccountListStore
    departments: DepartmentStore
    members: MembershipStore
    records: NoteStore[Findings]
    histories: NoteStore[Surgery]
    questions: QuestionStore
    notifications: NotificationStore
    glass_rates: GlassRateStore
    mails: MailQueue
    exports: ExportStore
    personal_data: PersonalDataQueue
    objects: ObjectStore
    idempotency: IdempotencyStore
    access: Access
    tokens: Tokens
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
