"""People of a clinic who have signed in over an AWS in the process."""

import pytest

from tests.http.client import Client
from tests.http.signed_in import sign_in
from tests.records.clinic import approved, registered


@pytest.fixture
def ada(api: Client) -> Client:
    """A patient."""
    return sign_in(api, "ada@example.org")


@pytest.fixture
def ben(api: Client) -> Client:
    """Another patient."""
    return sign_in(api, "ben@example.org")


@pytest.fixture
def doctor(api: Client, admin: Client) -> Client:
    """An approved doctor."""
    return approved(admin, sign_in(api, "doctor@example.org", "DOCTOR"))


@pytest.fixture
def other_doctor(api: Client, admin: Client) -> Client:
    """Another approved doctor."""
    return approved(admin, sign_in(api, "other@example.org", "DOCTOR"))


@pytest.fixture
def waiting_doctor(api: Client) -> Client:
    """A doctor whom nobody has approved."""
    return sign_in(api, "waiting@example.org", "DOCTOR")


@pytest.fixture
def lab(api: Client, admin: Client) -> Client:
    """An approved lab."""
    return approved(admin, registered(api, "/api/labo/register", "lab"))


@pytest.fixture
def hospital(api: Client, admin: Client) -> Client:
    """An approved hospital."""
    return approved(admin, registered(api, "/api/hospital/register", "hospital"))
