"""Wires the scans slice and exports it to Lambda."""

from functools import partial

from aws_lambda_powertools import Logger

from functions.scans.routes import routes
from functions.scans.settings import Settings
from functions.scans.usecases import Imaging
from scanward.clock import fresh_id, now
from scanward.security.gate import Gate
from scanward.security.tokens import Tokens
from scanward.settings import Environment
from scanward.stores.gate import GateStore
from scanward.stores.objects import ObjectStore
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import read_token_keys
from scanward.web.api import Api
from scanward.web.cors import Cors
from scanward.web.endpoint import Edge

settings = Settings.read(Environment())
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
imaging = Imaging(ScanStore(settings.scans_table), ObjectStore(settings.bucket), tokens, now, fresh_id)
gate = Gate(GateStore(settings.accounts_table), tokens, settings.requests_per_minute, now)
app = Api(routes, imaging, Edge(gate, Cors(settings.allowed_origins), Logger(service="scans")))
