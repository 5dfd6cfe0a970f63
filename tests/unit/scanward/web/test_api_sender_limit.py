"""Routes that anybody may call count each sender, so that a flood from one refuses no other."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

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
from tests.support.read_units import counted

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


def refusing(module: str, limit: int, clock: Clock | None = None) -> Api[Any]:
    """Return a function's app that answers a sender so many calls without a token that holds."""
    handler = import_module(module)
    limiter = SenderRateLimiter(limit, (clock or Clock(stands=True)).now)
    return Api(handler.routes, handler.deps, replace(handler.edge, refusal_limiter=limiter))


CLOSED = {
    "functions.auth.handler": "/users/me",
    "functions.records.handler": "/patients/me/doctors",
    "functions.scans.handler": "/scans",
}
REFUSED = {"success": False, "error": {"code": "TOO_MANY_REQUESTS", "message": "Too many requests", "details": {}}}


@pytest.mark.parametrize("token", [None, "noise"], ids=["no token", "noise"])
@pytest.mark.parametrize(("module", "path"), CLOSED.items(), ids=CLOSED)
def test_flood_without_a_token_is_refused_and_nobody_else_behind_its_address(
    api: ApiClient, module: str, path: str, token: str | None
) -> None:
    patient, app = sign_in(api, "ada@example.org"), refusing(module, 3)
    flooder, neighbour = ApiClient(token, InProcess(app, FLOODER)), patient.through(InProcess(app, FLOODER))
    with counted() as units:
        replies = [flooder.get(path) for _ in range(FLOOD)]
    assert [reply.status for reply in replies] == [401] * 3 + [429] * (FLOOD - 3)
    assert units.calls == [], "none costs a round trip"
    assert replies[-1].json == REFUSED
    assert 0 < int(replies[-1].headers["retry-after"]) <= 60
    assert neighbour.get(path).status == 200
    assert flooder.through(InProcess(app, OTHER)).get(path).status == 401


def test_flood_without_a_token_is_refused_in_the_flat_familys_shape_too(aws: None) -> None:
    flooder = ApiClient(transport=InProcess(refusing("functions.auth.handler", 1), FLOODER))
    first, second = (flooder.get("/api/profile") for _ in range(2))
    assert (first.status, second.status, second.json) == (401, 429, {"error": "Too many requests"})


def test_flood_without_a_token_uses_up_no_public_calls_of_its_address(api: ApiClient) -> None:
    patient, app = sign_in(api, "ada@example.org"), refusing("functions.auth.handler", 0)
    flooder = ApiClient(transport=InProcess(app, FLOODER))
    assert flooder.get("/users/me").status == 429
    login = {"email": "ada@example.org", "password": "correct horse"}
    assert flooder.post("/auth/login", login).status == 200
    assert patient.through(InProcess(app, FLOODER)).get("/users/me").status == 200


def test_token_that_is_over_is_counted_by_itself(api: ApiClient) -> None:
    ada, ben = sign_in(api, "ada@example.org"), sign_in(api, "ben@example.org")
    for client in (ada, ben):
        assert client.post("/auth/logout", {}).status == 200
    app = refusing("functions.auth.handler", 3)
    assert [ada.through(InProcess(app, FLOODER)).get("/users/me").status for _ in range(5)] == [401] * 3 + [429] * 2
    assert ApiClient(transport=InProcess(app, FLOODER)).get("/users/me").status == 401
    assert ben.through(InProcess(app, FLOODER)).get("/users/me").status == 401, "an app has to learn that it is over"


def test_every_function_with_a_gate_counts_what_it_refuses() -> None:
    edges = {module: import_module(module).edge for module in HANDLERS.values()}
    assert {module for module, edge in edges.items() if edge.authenticator} == {
        module for module, edge in edges.items() if edge.refusal_limiter
    }
    gated = [edge for edge in edges.values() if edge.authenticator]
    assert len(gated) == 4
    assert len({id(edge.refusal_limiter) for edge in gated} | {id(edge.sender_limiter) for edge in gated}) == 6
    assert {edge.mark for edge in gated} == {MARK}


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
