"""What people send about their accounts, over the gateway."""

from typing import Any
from uuid import uuid4

import httpx

from tests.stack.embedded import Stack
from tests.stack.visitor import PASSWORD

Said = dict[str, Any]


def client_of(stack: Stack) -> httpx.Client:
    """Return a client that has not signed in."""
    return httpx.Client(base_url=stack.api, timeout=60, trust_env=False)


def fresh_email() -> str:
    """Return an address that is nobody's yet."""
    return f"{uuid4().hex}@example.org"


def sign_in(client: httpx.Client, **name: str) -> Said:
    """Log in through B; the tokens."""
    return data(client.post("/auth/login", data=name | {"password": PASSWORD}))  # type: ignore[no-any-return]


def me(client: httpx.Client, access: str) -> Said:
    """Return whose token it is, as B shows it."""
    return data(client.get("/users/me", headers={"Authorization": f"Bearer {access}"}))  # type: ignore[no-any-return]


def refresh(client: httpx.Client, token: str, *, rotate: bool = False) -> httpx.Response:
    """Show a refresh token."""
    return client.post("/auth/refresh-token", json={"rotate": rotate}, headers={"Authorization": f"Bearer {token}"})


def data(answer: httpx.Response) -> Any:
    """Return the envelope's data of an answer that is 200."""
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
