"""Wires predictions and exports them to Lambda."""

from functools import partial
from pathlib import Path

from aws_lambda_powertools import Logger

import imaging
from functions.inference.model_registry import ModelSettings, model_registry, on_model_error
from functions.inference.predictions import PredictionDeps
from functions.inference.routes import routes
from functions.inference.settings import PredictSettings
from scanward.clock import now
from scanward.security.authentication import Authenticator
from scanward.security.tokens import Tokens
from scanward.settings import Environment
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

settings = PredictSettings.read(Environment(), Path(imaging.__file__).resolve().parents[1] / "models")
log = Logger(service="predict")
models = model_registry(ModelSettings.read(Environment()), settings.models, settings.memory_mb, on_model_error(log))
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
gate = Authenticator(SessionStore(settings.accounts_table), tokens, settings.requests_per_minute, now)
edge = Edge(gate, Cors(settings.allowed_origins), log)
app = Api(routes, PredictionDeps(models, settings.first), edge)
