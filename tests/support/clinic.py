"""What tests of the clinic do again and again: let somebody in, look at the log."""

import json
from typing import Any

from tests.support.client import Client, Reply


def number(client: Client) -> int:
    """Return whose client this is."""
    return int(client.get("/users/me").data["id"])


def approved(admin: Client, client: Client) -> Client:
    """Return the client of a professional whom an administrator has approved."""
    assert admin.post(f"/users/{number(client)}/approval", {"approved": True}).status == 200
    return client


def connect(professional: Client, patient: Client, **wanted: Any) -> None:
    """Let the professional in, as the patient does."""
    token = professional.post("/patients/create-connect-token", {"expires_in_minutes": 60}).data["token"]
    assert patient.post(f"/patients/connect-doctor/{token}", wanted).status == 200


def put(client: Client, path: str, body: Any) -> Reply:
    """Return a PUT of JSON."""
    return client.send("PUT", path, json.dumps(body).encode(), "application/json")


def log_of(patient: Client) -> list[dict[str, Any]]:
    """Return who was at the patient's data, the newest first."""
    entries: list[dict[str, Any]] = patient.get("/users/me/access-log").data
    return entries


def registered(api: Client, path: str, name: str) -> Client:
    """Return a hospital or lab, as it registers."""
    profile = {"carte_id": name, "email": f"{name}@example.org", "password": "correct horse"}
    return Client(api.post(path, {"profile": profile, "name": name}).json["access"])
