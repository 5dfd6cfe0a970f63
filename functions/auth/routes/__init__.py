"""The account routes, one module for each way of saying it."""

from functions.auth.routes import envelope, flat, password_reset, roles, users
from functions.auth.usecases.dependencies import Auth
from scanward.web.families import Family
from scanward.web.routes import Routes

TABLES = (envelope.routes, password_reset.routes, users.routes, flat.routes, roles.routes)
routes = Routes[Auth].joined("auth", Family.ENVELOPE, *TABLES)
