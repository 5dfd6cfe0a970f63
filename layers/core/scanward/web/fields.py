"""Fields of bodies: which characters texts may have, and what is wrong with a body, without repeating what was sent."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from scanward.domain.accounts import MAX_FOLDED_BYTES, Gender, fold
from scanward.domain.tokens import MAX_TOKEN_LENGTH
from scanward.errors import InvalidFields, MalformedBody

BLANK = "This field may not be blank."
# What Unicode lists as Default_Ignorable_Code_Point and has in another category than Cf; and the blank of Braille.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("[\t\n\r\u2028\u2029]")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # Unicode's Bidi_Control


def printable(text: str) -> str:
    """Return text of several lines, without control characters."""
    if any((ord(char) < 32 and char not in "\t\n\r") or 0x7F <= ord(char) < 0xA0 for char in text):
        raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return text


def one_line(text: str) -> str:
    """Return printable text of one line that reads in its own direction: it cannot pass for two lines, or for another
    text.
    """
    if _BREAKS.search(printable(text)):
        raise PydanticCustomError("line_break", "Tabs and line breaks are not allowed.")
    if _TURNS.search(text):
        raise PydanticCustomError("direction", "Characters that change the direction of text are not allowed.")
    return text


def not_blank(text: str) -> str:
    """Return text with something to see in it."""
    if all(char.isspace() or _is_unseen(char) for char in text):
        raise PydanticCustomError("blank", BLANK)
    return text


def no_invisible(text: str) -> str:
    """Return text without invisible characters: with one in it, two names would look the same and be different.

    For names that must be unique. What people are called may need them: Persian, and Japanese variants.
    """
    if any(_is_unseen(char) for char in text):
        raise PydanticCustomError("invisible_character", "Invisible characters are not allowed.")
    return text


def short_key(text: str) -> str:
    """Return text that is short enough to be a key when it is folded."""
    if len(fold(text).encode()) > MAX_FOLDED_BYTES:
        raise PydanticCustomError("long_name", "This field is too long.")
    return text


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or _IGNORABLE.match(char) is not None


NOT_KNOWN = "This field is not known."
_TEXTS = {"missing": "This field is required.", "extra_forbidden": NOT_KNOWN}


class Body(BaseModel):
    """Base of every request model: what it does not name is refused. Built at its first use, not at a cold start."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Out(BaseModel):
    """Base of every answer model."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, defer_build=True)


# Behind the bounds of a string: what pydantic bounds behind a validator, it calls items.
Printable, OneLine, NotBlank, NoInvisible = (
    AfterValidator(check) for check in (printable, one_line, not_blank, no_invisible)
)
ShortKey = AfterValidator(short_key)  # of what is found by its folded name
Line = Annotated[str, StringConstraints(min_length=1, max_length=254), OneLine]
NameText = Annotated[Line, NotBlank]
UniqueName = Annotated[str, StringConstraints(min_length=1, max_length=100), OneLine, NotBlank, ShortKey, NoInvisible]
# The bound is said here and held where cursors are read: one that is too long is refused as any other forged one is.
Cursor = Annotated[str, Field(json_schema_extra={"maxLength": MAX_TOKEN_LENGTH})]
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
AnyGender = Annotated[Gender, Upper]


def error_of_validation(failure: ValidationError) -> InvalidFields | MalformedBody:
    """Return the refusal that a validation failure means: every broken field at once, none of its values."""
    if any(error["type"] == "json_invalid" for error in failure.errors(include_url=False, include_input=False)):
        return MalformedBody("The body is not valid JSON")
    return InvalidFields(_by_field(failure.errors(include_url=False, include_input=False, include_context=True)))


def _by_field(errors: Iterable[ErrorDetails]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for error in errors:
        # Documents that nest people's fields in a profile still name them plainly.
        plain = [str(part) for part in error["loc"] if part != "profile"]
        key = ".".join(plain) or (error.get("ctx") or {}).get("field")
        name = key or ".".join(map(str, error["loc"])) or "body"
        fields.setdefault(name[:100], []).append(_text(error))
    return fields


def _text(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx") or {}
    if error["type"] == "string_too_short" and context.get("min_length") == 1:
        return BLANK
    return _TEXTS.get(error["type"], error["msg"])
