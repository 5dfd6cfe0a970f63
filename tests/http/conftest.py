"""Whoever calls the API."""

import pytest

from tests.http.client import Client
from tests.http.signed_in import sign_in


@pytest.fixture
def patient(api: Client) -> Client:
    """Provide a client that has signed in as a patient."""
    return sign_in(api, "ada@example.org")
