"""Wires the portal and exports it to Lambda."""

from pathlib import Path

from aws_lambda_powertools import Logger

from functions.portal.routes import routes
from functions.portal.settings import Settings
from functions.portal.usecases import PortalDeps, swagger_ui
from scanward.settings import load_settings
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors

deps = PortalDeps(Path(__file__).with_name("openapi.json"), swagger_ui())
cors = Cors(load_settings(Settings).allowed_origins)
app = Api(routes, deps, Edge(None, cors, Logger(service="portal")))
