"""Departments: written item by item, or created, staffed and filled over the API."""

from typing import Any

from scanward import clock
from scanward.domain.departments import Department, Membership
from scanward.stores.departments import (
    DepartmentStore,
    MembershipStore,
    department_entry,
    department_item,
    name_item,
)
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.people import numbers, own_id

CLINIC, ACCOUNTS = TABLES["CLINIC_TABLE"], TABLES["ACCOUNTS_TABLE"]


class Departments:
    """Adds departments, item by item, and whom they treat."""

    def add(self) -> int:
        """Write a new department; its id."""
        department = Department(next(numbers), f"Ward {next(numbers)}", clock.now())
        DepartmentStore(CLINIC)  # which binds the items
        for item in (department_item(department), name_item(department), department_entry(department)):
            item.save()
        return department.id

    def admit(self, department_id: int, patient_id: int) -> None:
        self.members().admit(Membership(patient_id, department_id, clock.now()), None)

    def members(self) -> MembershipStore:
        return MembershipStore(CLINIC, ACCOUNTS)


def department(admin: ApiClient, name: str = "Cardiology") -> int:
    """Return a new department."""
    made = admin.post("/api/department/", {"name": name})
    assert made.status == 201, made.body
    return int(made.json["pk"])


def assign(admin: ApiClient, ward: int, doctor: ApiClient) -> None:
    """Let a doctor work in a department."""
    assert admin.put(f"/api/department/{ward}/doctors/{own_id(doctor)}", {}).status == 200


def admit(staff: ApiClient, ward: int, patient: ApiClient) -> Reply:
    """Take a patient into a department."""
    return staff.put(f"/api/department/{ward}/patients/{own_id(patient)}", {})


def actions(log: list[dict[str, Any]]) -> list[str]:
    """Return what was done, the newest first."""
    return [entry["action"] for entry in log]


def cursor(reply: Reply) -> str:
    """Return where the next page of a bare list begins."""
    target, _, relation = reply.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    return target.removeprefix("<?cursor=").removesuffix(">")
