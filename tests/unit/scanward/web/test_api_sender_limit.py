"""Routes that anybody may call count each sender, so that a flood from one refuses no other."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest

from functions.auth import handler as auth
from functions.auth.routes import routes as auth_routes
from functions.portal import handler as portal
from functions.portal.routes import routes as portal_routes
from scanward.domain.tokens import TokenType
from scanward.security.rate_limits import SenderRateLimiter
from scanward.web.api import Api
from scanward.web.routes import ANY
from tests.support.client import HANDLERS, ApiClient, InProcess, Reply
from tests.support.clock import Clock
from tests.support.cloud import MARK
from tests.support.people import sign_in

FLOOD = 200
FLOODER, OTHER = "192.0.2.7", "198.51.100.7"


class Senders:
    """The public functions' apps with a limit of their own, called from any address."""

    def __init__(self, limit: int) -> None:
        limiter = SenderRateLimiter(limit, Clock(stands=True).now)
        self.auth = Api(auth_routes, auth.deps, replace(auth.edge, sender_limiter=limiter))
        self.portal = Api(portal_routes, portal.deps, replace(portal.edge, sender_limiter=limiter))

    def send(self, address: str, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Send a request from an address."""
        app = self.auth if path.startswith(("/auth/", "/api/token")) else self.portal
        client = ApiClient(transport=InProcess(app, address))
        if body is None:
            return client.send(method, path, headers=headers)
        return client.post(path, body, headers=headers)


PUBLIC = [
    ("GET", "/health", None),
    ("GET", "/docs", None),
    ("GET", "/openapi.json", None),
    ("GET", "/nothing/here", None),
    ("POST", "/auth/login", {"email": "ada@example.org", "password": "wrong horse"}),
    ("POST", "/auth/refresh-token", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), PUBLIC, ids=[path for _, path, _ in PUBLIC])
def test_flood_of_public_calls_is_refused_to_its_sender_alone(aws: None, method: str, path: str, body: object) -> None:
    senders = Senders(limit=3)
    expected = senders.send(OTHER, method, path, body).status
    statuses = [senders.send(FLOODER, method, path, body).status for _ in range(FLOOD)]
    assert statuses == [expected] * 3 + [429] * (FLOOD - 3)
    assert senders.send(OTHER, method, path, body).status == expected
    refused = senders.send(FLOODER, method, path, body)
    assert refused.code == "TOO_MANY_REQUESTS"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("3", "0")


def test_flood_of_forged_refresh_tokens_refuses_no_other_who_renews(aws: None) -> None:
    signed_up = {"username": "ada", "email": "ada@example.org", "password": "correct horse"}
    api = ApiClient()
    api.post("/api/register", {**signed_up, "is_patient": True, "is_doctor": False})
    token = api.post("/api/login", {"username": "ada", "password": "correct horse"}).json["refresh"]
    senders = Senders(limit=3)
    replies = [senders.send(FLOODER, "POST", "/api/token/refresh", {"refresh": "x"}) for _ in range(FLOOD)]
    assert [reply.status for reply in replies] == [401] * 3 + [429] * (FLOOD - 3)
    assert replies[-1].json == {"error": "Too many requests"}
    assert senders.send(OTHER, "POST", "/api/token/refresh", {"refresh": token}).status == 200


def test_neighbours_in_one_ipv6_network_share_a_limit(aws: None) -> None:
    senders = Senders(limit=3)
    statuses = [senders.send(f"2001:db8:1:2::{host:x}", "GET", "/health").status for host in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert senders.send("2001:db8:1:3::1", "GET", "/health").status == 200


def test_callers_behind_the_distribution_are_counted_by_their_own_addresses(aws: None) -> None:
    senders = Senders(limit=1)

    def call(viewer: str) -> int:
        headers = {"X-Forwarded-For": f"{viewer}, {FLOODER}", "X-Distribution-Mark": MARK}
        return senders.send(FLOODER, "GET", "/health", **headers).status

    assert [call("203.0.113.1"), call("203.0.113.1"), call("203.0.113.2")] == [200, 429, 200]


def test_calls_that_show_an_access_token_are_counted_by_account_alone(api: ApiClient) -> None:
    patient = sign_in(api, "ada@example.org")
    senders = Senders(limit=0)
    assert patient.through(InProcess(senders.auth)).get("/users/me").status == 200
    assert api.through(InProcess(senders.auth)).get("/users/me").status == 401


def _public_routes() -> Iterator[tuple[str, str]]:
    """Yield the module of the handler and the path of each route that needs no access token."""
    for module in HANDLERS.values():
        routes = import_module(module).routes
        yield from ((module, route.path) for route in routes.table if route.audience.token is not TokenType.ACCESS)


def test_every_function_with_a_public_route_counts_senders() -> None:
    public = {module for module, _ in _public_routes()}
    counting = {module for module in HANDLERS.values() if hasattr(import_module(module), "senders")}
    assert public == counting == {"functions.auth.handler", "functions.portal.handler"}
    assert all(import_module(module).edge.sender_limiter for module in counting)


def test_unknown_paths_are_public_routes() -> None:
    assert {route.path for route in portal_routes.table if route.method == ANY} < {path for _, path in _public_routes()}
