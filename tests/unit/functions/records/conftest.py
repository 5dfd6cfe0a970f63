"""People of a clinic who have signed in over an AWS in the process."""

import pytest

from tests.support.client import ApiClient
from tests.support.people import approve, register_organisation, sign_in


@pytest.fixture
def ada(api: ApiClient) -> ApiClient:
    """Provide a patient."""
    return sign_in(api, "ada@example.org")


@pytest.fixture
def ben(api: ApiClient) -> ApiClient:
    """Provide another patient."""
    return sign_in(api, "ben@example.org")


@pytest.fixture
def doctor(api: ApiClient, admin: ApiClient) -> ApiClient:
    """Provide an approved doctor."""
    return approve(admin, sign_in(api, "doctor@example.org", "DOCTOR"))


@pytest.fixture
def other_doctor(api: ApiClient, admin: ApiClient) -> ApiClient:
    """Provide another approved doctor."""
    return approve(admin, sign_in(api, "other@example.org", "DOCTOR"))


@pytest.fixture
def waiting_doctor(api: ApiClient) -> ApiClient:
    """Provide a doctor whom nobody has approved."""
    return sign_in(api, "waiting@example.org", "DOCTOR")


@pytest.fixture
def lab(api: ApiClient, admin: ApiClient) -> ApiClient:
    """Provide an approved lab."""
    return approve(admin, register_organisation(api, "labo", "lab"))


@pytest.fixture
def hospital(api: ApiClient, admin: ApiClient) -> ApiClient:
    """Provide an approved hospital."""
    return approve(admin, register_organisation(api, "hospital", "hospital"))
