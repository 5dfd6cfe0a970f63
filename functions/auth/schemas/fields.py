"""Fields that several documents share, whatever they call them."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from scanward.domain.accounts import Gender
from scanward.security.passwords import MAX_LENGTH, MIN_LENGTH
from scanward.web.fields import Line, NotBlank, Printable, ShortKey, Upper

FIRST_YEAR = 1900


def _email(text: str) -> str:
    local, _, host = text.rpartition("@")
    if not local or not host or "@" in local or any(char.isspace() for char in text) or host[0] == ".":
        raise PydanticCustomError("email", "Enter a valid email address.")
    return text


def _long_enough(text: str) -> str:
    if len(text) < MIN_LENGTH:
        raise PydanticCustomError("short_password", f"A password has at least {MIN_LENGTH} characters.")
    return text


def _username(text: str) -> str:
    if "@" in text or any(char.isspace() for char in text):
        raise PydanticCustomError("username", "A user name has neither spaces nor @.")
    return text


def _phone(text: str) -> str:
    if not any(char.isdigit() for char in text):
        raise PydanticCustomError("phone", "Enter a phone number.")
    return text


def _visible(text: str) -> str:
    # Somebody else's name with an invisible character in it would look the same and be another.
    if any(unicodedata.category(char) == "Cf" for char in text):
        raise PydanticCustomError("invisible_character", "Invisible characters are not allowed.")
    return text


def _iso_date(given: object) -> object:
    # Pydantic alone would take a number in quotes for seconds since 1970.
    if isinstance(given, date):
        return given
    try:
        if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise PydanticCustomError("date", "Enter a date as YYYY-MM-DD.")


def _lived(day: date) -> date:
    if day.year < FIRST_YEAR or day > datetime.now(UTC).date():
        raise PydanticCustomError("birth_date", "Enter the day of birth.")
    return day


ShownName = Annotated[Line, ShortKey]
Name = Annotated[ShownName, NotBlank, AfterValidator(_visible)]
Email = Annotated[Name, AfterValidator(_email)]
Username = Annotated[Name, AfterValidator(_username)]
Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Printable,
    NotBlank,
    ShortKey,
    AfterValidator(_visible),
]
ShownPassword = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), Printable]
NewPassword = Annotated[ShownPassword, AfterValidator(_long_enough)]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable, AfterValidator(_phone)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=500), Printable, NotBlank]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=2000), Printable, NotBlank]
AnyGender = Annotated[Gender, Upper]
BirthDate = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_lived)]
BloodType = Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"]
EmergencyNumbers = Annotated[tuple[Phone, ...], Field(max_length=10)]
