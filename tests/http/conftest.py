"""The API over an AWS in the process."""

import pytest

from tests.http.client import Client


@pytest.fixture
def api(aws: None) -> Client:
    """A client that has not signed in."""
    return Client()


@pytest.fixture
def patient(api: Client) -> Client:
    """A client that has signed in as a patient."""
    return sign_in(api, "ada@example.org")


def sign_in(api: Client, email: str, role: str = "PATIENT") -> Client:
    """Registers and logs in."""
    body = {"email": email, "password": "correct horse", "role": role}
    assert api.post("/auth/register", body).status == 200
    tokens = api.form("/auth/login", {"email": email, "password": "correct horse"}).data
    return Client(tokens["access_token"])
