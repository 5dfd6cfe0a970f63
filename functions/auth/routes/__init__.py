"""The account routes, one module for each way of saying it."""

from functions.auth.routes import envelope, flat, users
from functions.auth.usecases.dependencies import AuthDeps
from scanward.web.families import Family
from scanward.web.routes import Routes

TABLES = (envelope.routes, envelope.routes, users.routes, flat.routes, flat.routes)
routes = Routes[AuthDeps].join("auth", Family.ENVELOPE, *TABLES)
