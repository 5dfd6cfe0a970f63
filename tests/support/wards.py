"""Departments as tests need them: made, with a doctor, with a patient."""

from typing import Any

from tests.support.client import Client, Reply
from tests.support.clinic import number, put


def department(admin: Client, name: str = "Cardiology") -> int:
    """Return a new department."""
    made = admin.post("/api/department/", {"name": name})
    assert made.status == 201, made.body
    return int(made.json["pk"])


def assign(admin: Client, ward: int, doctor: Client) -> None:
    """Let a doctor work in a department."""
    assert put(admin, f"/api/department/{ward}/doctors/{number(doctor)}", {}).status == 200


def admit(staff: Client, ward: int, patient: Client) -> Reply:
    """Take a patient into a department."""
    return put(staff, f"/api/department/{ward}/patients/{number(patient)}", {})


def actions(log: list[dict[str, Any]]) -> list[str]:
    """Return what was done, the newest first."""
    return [entry["action"] for entry in log]


def cursor(reply: Reply) -> str:
    """Return where the next page of a bare list begins."""
    target, _, relation = reply.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    return target.removeprefix("<?cursor=").removesuffix(">")
