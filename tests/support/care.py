"""People of a clinic, and workers that read what they upload."""

from scanward import clock
from scanward.domain.care import CareLink
from scanward.domain.ids import parse_id
from tests.support.care_links import keep_link
from tests.support.client import ApiClient
from tests.support.signed_in import sign_in, sign_in_administrator


def own_id(client: ApiClient) -> int:
    """Return the id of the account that a client has signed in to."""
    return int(client.get("/users/me").data["id"])


def professional(api: ApiClient, role: str, administrator: ApiClient | None = None) -> ApiClient:
    """Return a doctor, hospital or lab; approved if an administrator is given."""
    email = f"{role.lower()}@example.org"
    if role == "DOCTOR":
        client = sign_in(api, email, role)
    else:
        kind = {"HOSPITAL": "hospital", "LAB": "labo"}[role]
        profile = {"carte_id": role, "email": email, "password": "correct horse"}
        body = {"profile": profile, "name": role, f"{kind}_number": "1", f"{kind}_address": "Here"}
        client = ApiClient(api.post(f"/api/{kind}/register", body).json["access"])
    if administrator:
        assert administrator.post(f"/users/{own_id(client)}/approval", {"approved": True}).status == 200
    return client


def administrator(api: ApiClient) -> ApiClient:
    """Somebody who approves."""
    return sign_in_administrator(api)


def let_in(patient: ApiClient, professional: ApiClient) -> None:
    """Let the professional at the patient's data."""
    keep_link(CareLink(own_id(patient), own_id(professional), clock.now()))


def analysed(scan: dict[str, str]) -> None:
    """Let a worker analyse what was uploaded."""
    from functions.inference.handler import deps as inference
    from functions.inference.ingest import UploadedObject
    from functions.inference.worker import process

    process(inference, UploadedObject(parse_id(scan["scan_id"]), parse_id(scan["task_id"])))
