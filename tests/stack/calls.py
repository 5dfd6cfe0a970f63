"""What people send about their accounts, over the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from tests.stack.embedded import Stack
from tests.support.client import ApiClient, Http, Reply

PASSWORD = "correct horse"
Json = dict[str, Any]


@contextmanager
def client_of(stack: Stack) -> Iterator[ApiClient]:
    """Provide a client that has not signed in."""
    transport = Http(stack.api)
    try:
        yield ApiClient(transport=transport)
    finally:
        transport.close()


def fresh_email() -> str:
    """Return an address that is nobody's yet."""
    return f"{uuid4().hex}@example.org"


def sign_in(client: ApiClient, **name: str) -> Json:
    """Log in through B; the tokens."""
    return data(client.form("/auth/login", name | {"password": PASSWORD}))  # type: ignore[no-any-return]


def me(client: ApiClient, access: str) -> Json:
    """Return whose token it is, as B shows it."""
    return data(client.signed_in(access).get("/users/me"))  # type: ignore[no-any-return]


def refresh(client: ApiClient, token: str, *, rotate: bool = False) -> Reply:
    """Show a refresh token."""
    return client.signed_in(token).post("/auth/refresh-token", {"rotate": rotate})


def data(reply: Reply) -> Any:
    """Return the envelope's data of an answer that is 200."""
    assert reply.status == 200, reply.text
    return reply.data
