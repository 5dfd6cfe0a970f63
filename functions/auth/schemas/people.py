"""Bodies of contract C for people: patients, and doctors with a profile nested."""

from dataclasses import replace

from pydantic import Field

from functions.auth.schemas.fields import (
    Address,
    BirthDate,
    BloodType,
    Email,
    EmergencyNumbers,
    Identifier,
    NewPassword,
    Paragraph,
    Phone,
    ShownName,
    ShownPassword,
)
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import Login
from scanward.domain.accounts import Names, Profile, Role
from scanward.web.fields import AnyGender, Body, Called


class PersonBody(Body):
    """`POST /api/user/register`, and the profile of a doctor's."""

    carte_id: Identifier
    email: Email
    password: NewPassword
    first_name: Called
    last_name: Called
    birth_date: BirthDate | None = None
    numero_tel: Phone | None = None
    address: Address | None = None
    blood_type: BloodType | None = None
    gender: AnyGender | None = None
    emergency_numbers: EmergencyNumbers | None = None
    married: bool | None = None

    def wanted(self) -> Registration:
        return Registration(Role.PATIENT, self.names(), self.said(), self.password)

    def names(self) -> Names:
        return Names(email=self.email, carte_id=self.carte_id)

    def said(self) -> Profile:
        return Profile(
            first_name=self.first_name,
            last_name=self.last_name,
            phone=self.numero_tel,
            gender=self.gender,
            birth_date=self.birth_date,
            address=self.address,
            blood_type=self.blood_type,
            emergency_numbers=self.emergency_numbers or (),
            married=self.married,
        )


class DoctorBody(Body):
    """`POST /api/doctor/register`. `address` is where the doctor works."""

    profile: PersonBody
    bio: Paragraph | None = None
    specialite: Called | None = None
    is_private: bool | None = Field(default=None, alias="isPrivee")
    address: Address | None = None

    def wanted(self) -> Registration:
        said = replace(
            self.profile.said(),
            bio=self.bio,
            specialty=self.specialite,
            is_private=self.is_private,
            practice_address=self.address,
        )
        return Registration(Role.DOCTOR, self.profile.names(), said, self.profile.password)


class RoleLoginBody(Body):
    """`POST /api/{user,doctor,hospital,labo}/login`."""

    email: ShownName
    password: ShownPassword

    def shown(self, role: Role) -> Login:
        return Login("email", self.email, self.password, role=role, approved=True)
