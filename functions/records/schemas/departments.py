"""Bodies and answers of departments."""

from datetime import datetime
from typing import Self

from scanward.domain.departments import Department, Membership
from scanward.web.fields import Body, Out, UniqueName


class DepartmentBody(Body):
    """`POST /api/department/` and `PATCH /api/department/{pk}`."""

    name: UniqueName


class NothingBody(Body):
    """Where the path says it all."""


class DepartmentOut(Out):
    """A department."""

    pk: int
    name: str
    created_at: datetime

    @classmethod
    def from_domain(cls, department: Department) -> Self:
        return cls(pk=department.id, name=department.name, created_at=department.created_at)


class MembershipOut(Out):
    """A patient in a department."""

    department: int
    patient: int
    since: datetime

    @classmethod
    def from_domain(cls, member: Membership) -> Self:
        return cls(department=member.department_id, patient=member.patient_id, since=member.since)


class OwnDepartmentOut(Out):
    """A department that the caller is in as a patient."""

    id: int
    name: str
    since: datetime

    @classmethod
    def from_domain(cls, department: Department, member: Membership) -> Self:
        return cls(id=department.id, name=department.name, since=member.since)
