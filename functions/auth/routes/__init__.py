"""The account routes, one module for each way of saying it."""

from functions.auth.routes import envelope, flat, roles, users
from functions.auth.usecases.dependencies import Auth
from scanward.web.families import Family
from scanward.web.routes import Routes

routes = Routes[Auth].joined("auth", Family.ENVELOPE, envelope.routes, users.routes, flat.routes, roles.routes)
