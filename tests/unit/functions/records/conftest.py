"""People of a clinic who have signed in over an AWS in the process."""

import pytest

from tests.support.client import Client
from tests.support.clinic import approved, registered
from tests.support.signed_in import sign_in


@pytest.fixture
def ada(api: Client) -> Client:
    """Provide a patient."""
    return sign_in(api, "ada@example.org")


@pytest.fixture
def ben(api: Client) -> Client:
    """Provide another patient."""
    return sign_in(api, "ben@example.org")


@pytest.fixture
def doctor(api: Client, admin: Client) -> Client:
    """Provide an approved doctor."""
    return approved(admin, sign_in(api, "doctor@example.org", "DOCTOR"))


@pytest.fixture
def other_doctor(api: Client, admin: Client) -> Client:
    """Provide another approved doctor."""
    return approved(admin, sign_in(api, "other@example.org", "DOCTOR"))


@pytest.fixture
def waiting_doctor(api: Client) -> Client:
    """Provide a doctor whom nobody has approved."""
    return sign_in(api, "waiting@example.org", "DOCTOR")


@pytest.fixture
def lab(api: Client, admin: Client) -> Client:
    """Provide an approved lab."""
    return approved(admin, registered(api, "/api/labo/register", "lab"))


@pytest.fixture
def hospital(api: Client, admin: Client) -> Client:
    """Provide an approved hospital."""
    return approved(admin, registered(api, "/api/hospital/register", "hospital"))
