"""Wires the scans slice and exports it to Lambda."""

from functools import partial

from aws_lambda_powertools import Logger

from functions.scans.routes import routes
from functions.scans.settings import Settings
from functions.scans.usecases.dependencies import ScanDeps, WaitEstimator
from scanward.clock import fresh_id, now
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.care import CareStore
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.queues import PersonalDataQueue, PriorityQueues
from scanward.stores.rate_limits import HighOrderStore, UploadRateStore
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.stores.tasks import DurationStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

settings = load_settings(Settings)
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
table, lanes = settings.scans_table, PriorityQueues(settings.queue_urls)
accounts = SessionStore(settings.accounts_table)
deps = ScanDeps(
    scans=ScanStore(table),
    lists=ScanListStore(table),
    objects=ObjectStore(settings.bucket),
    purger=Purger(settings.bucket),
    lanes=lanes,
    personal_data=PersonalDataQueue(settings.own_data_queue_url),
    wait_estimator=WaitEstimator(lanes, DurationStore(table), settings.at_once, now),
    idempotency=IdempotencyStore(table),
    counts=UploadRateStore(table, settings.uploads_per_window),
    high_orders=HighOrderStore(table, settings.high_per_patient, settings.high_per_professional),
    access=Access(CareStore(settings.clinic_table), now),
    sessions=accounts,
    tokens=tokens,
    now=now,
    fresh_id=fresh_id,
)
gate = Authenticator(
    accounts, tokens, settings.requests_per_minute, now, administrators_enrol=settings.administrators_enrol
)
edge = Edge(
    gate,
    Cors(settings.allowed_origins),
    Logger(service="scans"),
    settings.distribution_mark,
    refusal_limiter=SenderRateLimiter(settings.public_calls_per_minute, now),
)
app = Api(routes, deps, edge)
