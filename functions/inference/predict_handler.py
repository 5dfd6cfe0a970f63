"""Wires predictions and exports them to Lambda."""

from functools import partial

from aws_lambda_powertools import Logger

from functions.inference.model_registry import (
    ModelSettings,
    model_registry,
    models_folder,
    on_model_error,
    on_model_overlap,
)
from functions.inference.predictions import PredictionDeps
from functions.inference.routes import routes
from functions.inference.settings import PredictSettings
from scanward.clock import now
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

settings = load_settings(PredictSettings)
log = Logger(service="predict")
models = model_registry(
    load_settings(ModelSettings),
    models_folder(settings.models_dir),
    settings.memory_mb,
    on_error=on_model_error(log),
    on_overlap=on_model_overlap(log),
)
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
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
    log,
    settings.distribution_mark,
    refusal_limiter=SenderRateLimiter(settings.public_calls_per_minute, now),
)
app = Api(routes, PredictionDeps(models, settings.first), edge)
