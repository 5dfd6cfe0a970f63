"""Departments as tests need them: made, with a doctor, with a patient."""

from typing import Any

from tests.support.client import ApiClient, Reply
from tests.support.clinic import number


def department(admin: ApiClient, name: str = "Cardiology") -> int:
    """Return a new department."""
    made = admin.post("/api/department/", {"name": name})
    assert made.status == 201, made.body
    return int(made.json["pk"])


def assign(admin: ApiClient, ward: int, doctor: ApiClient) -> None:
    """Let a doctor work in a department."""
    assert admin.put(f"/api/department/{ward}/doctors/{number(doctor)}", {}).status == 200


def admit(staff: ApiClient, ward: int, patient: ApiClient) -> Reply:
    """Take a patient into a department."""
    return staff.put(f"/api/department/{ward}/patients/{number(patient)}", {})


def actions(log: list[dict[str, Any]]) -> list[str]:
    """Return what was done, the newest first."""
    return [entry["action"] for entry in log]


def cursor(reply: Reply) -> str:
    """Return where the next page of a bare list begins."""
    target, _, relation = reply.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    return target.removeprefix("<?cursor=").removesuffix(">")
