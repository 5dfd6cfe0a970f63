"""People who have signed in over an AWS in the process."""

import pytest

from tests.http.client import Client
from tests.http.conftest import sign_in, sign_in_administrator


@pytest.fixture
def api(aws: None) -> Client:
    """A client that has not signed in."""
    return Client()


@pytest.fixture
def admin(api: Client) -> Client:
    """An administrator."""
    return sign_in_administrator(api)


@pytest.fixture
def person(api: Client) -> Client:
    """A patient."""
    return sign_in(api, "somebody@example.org")


@pytest.fixture
def doctor(api: Client) -> Client:
    """A doctor whom nobody has approved."""
    return sign_in(api, "doctor@example.org", "DOCTOR")
