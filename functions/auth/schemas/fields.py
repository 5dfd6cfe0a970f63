"""Fields that several documents share, whatever they call them."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from scanward.security.passwords import MAX_LENGTH, MIN_LENGTH
from scanward.web.fields import Line, Text


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


Email = Annotated[Line, AfterValidator(_email)]
ShownPassword = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
NewPassword = Annotated[ShownPassword, AfterValidator(_long_enough)]
Username = Annotated[Line, AfterValidator(_username)]
Phone = Annotated[Text, StringConstraints(min_length=1, max_length=40), AfterValidator(_phone)]
Identifier = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Paragraph = Annotated[Text, StringConstraints(max_length=2000)]
Upper = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)
