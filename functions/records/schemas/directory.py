"""Answers about people, as contract D would show them: `pk` is the account's id."""

from datetime import UTC, date, datetime
from typing import Self

from functions.records.usecases.directory import Colleague
from scanward.domain.accounts import Account
from scanward.web.fields import Out


class WorksInOut(Out):
    """A department in a doctor's profile."""

    pk: int
    name: str


class ListedDoctorOut(Out):
    """A doctor. `department`: the oldest of those that they work in, None where they work in none."""

    pk: int
    username: str | None
    name: str | None
    email: str | None
    specialty: str | None
    department: int | None
    departments: list[WorksInOut]

    @classmethod
    def from_domain(cls, colleague: Colleague) -> Self:
        account = colleague.account
        departments = [WorksInOut(pk=one.id, name=one.name) for one in colleague.departments]
        return cls(
            pk=account.id,
            username=account.names.username,
            name=account.full_name,
            email=account.names.email,
            specialty=account.profile.specialty,
            department=departments[0].pk if departments else None,
            departments=departments,
        )


class ListedPatientOut(Out):
    """A patient, by what they say of themselves."""

    pk: int
    username: str | None
    name: str | None
    email: str | None
    phone: str | None
    gender: str | None
    birth_date: date | None
    age: int | None

    @classmethod
    def from_domain(cls, account: Account) -> Self:
        profile = account.profile
        return cls(
            pk=account.id,
            username=account.names.username,
            name=account.full_name,
            email=account.names.email,
            phone=profile.phone,
            gender=profile.gender,
            birth_date=profile.birth_date,
            age=account.age_on(datetime.now(UTC).date()),
        )
