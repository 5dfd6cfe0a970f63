"""Wires the portal and exports it to Lambda."""

from pathlib import Path

from aws_lambda_powertools import Logger

from functions.portal.routes import routes
from functions.portal.settings import Settings
from functions.portal.usecases import PortalDeps, swagger_ui
from scanward.clock import now
from scanward.security.rate_limits import SenderRateLimiter
from scanward.settings import load_settings
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

deps = PortalDeps(Path(__file__).with_name("openapi.json"), swagger_ui())
settings = load_settings(Settings)
senders = SenderRateLimiter(settings.public_calls_per_minute, now)
cors = Cors(settings.allowed_origins)
edge = Edge(None, cors, Logger(service="portal"), settings.distribution_mark, sender_limiter=senders)
app = Api(routes, deps, edge)
