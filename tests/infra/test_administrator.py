"""The administrator of a local stack."""

from infra.operations.administrator import create_administrator
from tests.http.client import Client


def test_an_administrator_logs_in_and_is_a_superuser(aws: None) -> None:
    password = create_administrator("AccountsTable", "admin@example.org")
    assert len(password) >= 20
    tokens = Client().form("/auth/login", {"email": "admin@example.org", "password": password}).data
    me = Client(tokens["access_token"]).get("/users/me").data
    assert (me["role"], me["is_superuser"]) == ("ADMIN", True)
