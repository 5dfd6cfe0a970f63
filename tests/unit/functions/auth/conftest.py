"""People who have signed in over an AWS in the process."""

import pytest

from tests.support.client import ApiClient
from tests.support.people import sign_in


@pytest.fixture
def person(api: ApiClient) -> ApiClient:
    """Provide a patient."""
    return sign_in(api, "somebody@example.org")


@pytest.fixture
def doctor(api: ApiClient) -> ApiClient:
    """Provide a doctor whom nobody has approved."""
    return sign_in(api, "doctor@example.org", "DOCTOR")
