"""What tests of the clinic do again and again: let somebody in, look at the log."""

from typing import Any

from tests.support.client import ApiClient


def number(client: ApiClient) -> int:
    """Return whose client this is."""
    return int(client.get("/users/me").data["id"])


def approved(admin: ApiClient, client: ApiClient) -> ApiClient:
    """Return the client of a professional whom an administrator has approved."""
    assert admin.post(f"/users/{number(client)}/approval", {"approved": True}).status == 200
    return client


def connect(professional: ApiClient, patient: ApiClient, **wanted: Any) -> None:
    """Let the professional in, as the patient does."""
    token = professional.post("/patients/create-connect-token", {"expires_in_minutes": 60}).data["token"]
    assert patient.post(f"/patients/connect-doctor/{token}", wanted).status == 200


def log_of(patient: ApiClient) -> list[dict[str, Any]]:
    """Return who was at the patient's data, the newest first."""
    entries: list[dict[str, Any]] = patient.get("/users/me/access-log").data
    return entries


def registered(api: ApiClient, path: str, name: str) -> ApiClient:
    """Return a hospital or lab, as it registers."""
    profile = {"carte_id": name, "email": f"{name}@example.org", "password": "correct horse"}
    return ApiClient(api.post(path, {"profile": profile, "name": name}).json["access"])
