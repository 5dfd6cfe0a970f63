"""Fields that several documents share, whatever they call them."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from scanward.domain.accounts import MAX_FOLDED_BYTES, Names, fold
from scanward.security.passwords import MAX_LENGTH, MIN_LENGTH
from scanward.web.fields import Line, NoInvisible, NotBlank, OneLine, Printable, ShortKey, UniqueName

FIRST_YEAR = 1900
LOOK_ALIKES = frozenset({"LATIN", "GREEK", "CYRILLIC"})


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


def _one_script(text: str) -> str:
    # Their letters look alike: another account's name with one of the other script in it would be another.
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in fold(text)}
    if len(scripts & LOOK_ALIKES) > 1:
        raise PydanticCustomError("mixed_scripts", "Latin, Greek and Cyrillic letters cannot be mixed.")
    return text


def _phone(text: str) -> str:
    if not any(char.isdigit() for char in text):
        raise PydanticCustomError("phone", "Enter a phone number.")
    return text


def _iso_date(value: object) -> object:
    # Pydantic alone would take a number in quotes for seconds since 1970.
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("date", "Enter a date as YYYY-MM-DD.")


def _check_birth_date(day: date) -> date:
    if day.year < FIRST_YEAR or day > datetime.now(UTC).date():
        raise PydanticCustomError("birth_date", "Enter the day of birth.")
    return day


ShownName = Annotated[Line, ShortKey]
Name = Annotated[ShownName, NotBlank, NoInvisible]
RecoveryCodesLeft = Annotated[int | None, Field(exclude_if=lambda left: left is None)]
Email = Annotated[Name, AfterValidator(_email)]
Username = Annotated[Name, AfterValidator(_username), AfterValidator(_one_script)]
Identifier = UniqueName
ShownPassword = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), Printable]
NewPassword = Annotated[ShownPassword, AfterValidator(_long_enough)]
ShownCode = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=40), OneLine, AfterValidator(_phone)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=500), Printable, NotBlank]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=2000), Printable, NotBlank]
BirthDate = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_check_birth_date)]
BloodType = Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"]
EmergencyNumbers = Annotated[tuple[Phone, ...], Field(max_length=10)]


def names_in(body: Any) -> Names:
    """Return the names in a JSON body that breaks its model, wherever the document puts them; what is none is left
    out.
    """
    fields = body if isinstance(body, dict) else {}
    profile = fields.get("profile")
    fields = {**fields, **profile} if isinstance(profile, dict) else fields
    return Names(**{name: _name(fields.get(name)) for name in ("email", "username", "carte_id", "registration_id")})


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(fold(value).encode()) <= MAX_FOLDED_BYTES else None
