"""Wires the records slice and exports it to Lambda."""

from functools import partial

from aws_lambda_powertools import Logger

from functions.records.routes import routes
from functions.records.settings import Settings
from functions.records.usecases.dependencies import RecordDeps
from scanward.clock import fresh_id, now
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.care import CareLinkStore, CareStore, ConnectTokenStore
from scanward.stores.clinical_notes import history_store, record_store
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
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

settings = load_settings(Settings)
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
accounts = AccountStore(settings.accounts_table)
deps = RecordDeps(
    accounts=accounts,
    connect_tokens=ConnectTokenStore(settings.clinic_table),
    links=CareLinkStore(settings.clinic_table),
    patients=PatientStore(settings.accounts_table, settings.clinic_table),
    charts=ChartStore(settings.clinic_table),
    access_log=AccessLog(settings.clinic_table),
    directory=AccountListStore(settings.accounts_table, accounts),
    departments=DepartmentStore(settings.clinic_table),
    members=MembershipStore(settings.clinic_table, settings.accounts_table),
    records=record_store(settings.clinic_table),
    histories=history_store(settings.clinic_table),
    questions=QuestionStore(settings.clinic_table),
    notifications=NotificationStore(settings.scans_table),
    glass_rates=GlassRateStore(settings.clinic_table, settings.glasses_per_day),
    mails=MailQueue(settings.mail_queue_url),
    exports=ExportStore(settings.clinic_table),
    personal_data=PersonalDataQueue(settings.own_data_queue_url),
    objects=ObjectStore(settings.bucket),
    idempotency=IdempotencyStore(settings.clinic_table),
    access=Access(CareStore(settings.clinic_table), now),
    tokens=tokens,
    now=now,
    fresh_id=fresh_id,
)
gate = Authenticator(
    SessionStore(settings.accounts_table),
    tokens,
    settings.requests_per_minute,
    now,
    administrators_enrol=settings.administrators_enrol,
)
edge = Edge(
    gate,
    Cors(settings.allowed_origins),
    Logger(service="records"),
    settings.distribution_mark,
    refusal_limiter=SenderRateLimiter(settings.public_calls_per_minute, now),
)
app = Api(routes, deps, edge)
