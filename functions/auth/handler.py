"""Wires the auth slice and exports it to Lambda."""

from functools import partial

from aws_lambda_powertools import Logger

from functions.auth.routes import routes
from functions.auth.settings import Settings
from functions.auth.usecases.dependencies import AuthDeps
from scanward.clock import fresh_id, now
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import LoginRateLimiter, SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.accounts import AccountStore
from scanward.stores.care import CareStore
from scanward.stores.identity.account_lists import AccountListStore
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.mail import MailQueue
from scanward.stores.queues import PersonalDataQueue
from scanward.stores.rate_limits import AddressRateStore
from scanward.stores.s3 import ProfilePictures
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

settings = load_settings(Settings)
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
gate_store = SessionStore(settings.accounts_table)
accounts = AccountStore(settings.accounts_table, settings.clinic_table)
attempts = LoginRateLimiter(
    store=AddressRateStore(settings.accounts_table),
    calls=settings.calls_per_address,
    failures=settings.failures_per_account,
    pepper=tokens.pepper,
    now=now,
)
lists = AccountListStore(settings.accounts_table, accounts)
gate = Authenticator(
    gate_store, tokens, settings.requests_per_minute, now, administrators_enrol=settings.administrators_enrol
)
mails, pictures = MailQueue(settings.mail_queue_url), ProfilePictures(settings.bucket)
own_data = PersonalDataQueue(settings.own_data_queue_url)
access = Access(CareStore(settings.clinic_table), now)
deps = AuthDeps(
    accounts=accounts,
    lists=lists,
    sessions=gate_store,
    authenticator=gate,
    tokens=tokens,
    login_limiter=attempts,
    mails=mails,
    undo_tokens=UndoTokenStore(settings.accounts_table),
    pictures=pictures,
    personal_data=own_data,
    access=access,
    now=now,
    fresh_id=fresh_id,
)
# One container never refuses what sign-in, which counts in the table for all of them, would let through.
senders = SenderRateLimiter(max(settings.public_calls_per_minute, settings.calls_per_address), now)
edge = Edge(
    gate,
    Cors(settings.allowed_origins),
    Logger(service="auth"),
    settings.distribution_mark,
    sender_limiter=senders,
    refusal_limiter=SenderRateLimiter(settings.public_calls_per_minute, now),
)
app = Api(routes, deps, edge)
