"""Care links: written without a token that was handed out and spent, or made over the API as people do."""

from typing import Any

from scanward import clock
from scanward.domain.care import CareLink
from scanward.stores.care import CareLinkStore, write_link
from scanward.stores.dynamo import transact_write
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.people import own_id


class Links:
    """Adds care links."""

    def add(self, link: CareLink) -> None:
        """Let a professional in who was not let in before."""
        CareLinkStore(TABLES["CLINIC_TABLE"])  # which binds the items
        transact_write(lambda write: write_link(write, link))


def add_link(link: CareLink) -> None:
    """Let a professional in who was not let in before."""
    Links().add(link)


def let_in(patient: ApiClient, professional: ApiClient) -> None:
    """Let the professional at the patient's data, without a token."""
    add_link(CareLink(own_id(patient), own_id(professional), clock.now()))


def connect(professional: ApiClient, patient: ApiClient, **wishes: Any) -> None:
    """Let the professional in by a token, as the patient does."""
    token = professional.post("/patients/create-connect-token", {"expires_in_minutes": 60}).data["token"]
    assert patient.post(f"/patients/connect-doctor/{token}", wishes).status == 200


def log_of(patient: ApiClient) -> list[dict[str, Any]]:
    """Return the patient's access log, the newest entry first."""
    entries: list[dict[str, Any]] = patient.get("/users/me/access-log").data
    return entries
