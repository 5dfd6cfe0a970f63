"""What is wrong with a body, in words that never repeat what was sent."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from scanward.domain.accounts import MAX_FOLDED_BYTES, fold
from scanward.errors import InvalidFields, MalformedBody

NOT_KNOWN = "This field is not known."
_BLANK = "This field may not be blank."
_TEXTS = {"missing": "This field is required.", "extra_forbidden": NOT_KNOWN}


class Body(BaseModel):
    """Base of every request model: what it does not name is refused. Built at its first use, not at a cold start."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Out(BaseModel):
    """Base of every answer model."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, defer_build=True)


def _printable(text: str) -> str:
    if any((ord(char) < 32 and char not in "\t\n\r") or 0x7F <= ord(char) < 0xA0 for char in text):
        raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", _BLANK)
    return text


def _short_key(text: str) -> str:
    if len(fold(text).encode()) > MAX_FOLDED_BYTES:
        raise PydanticCustomError("long_name", "This field is too long.")
    return text


Printable = AfterValidator(_printable)  # behind the bounds of a string: what pydantic bounds behind it, it calls items
Line = Annotated[str, StringConstraints(min_length=1, max_length=254), Printable]
NotBlank = AfterValidator(_not_blank)
ShortKey = AfterValidator(_short_key)  # of what is found by its folded name
Called = Annotated[Line, NotBlank]
Upper = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)


def refused(failure: ValidationError) -> InvalidFields | MalformedBody:
    """The refusal that a validation failure means: every broken field at once, none of its values."""
    if any(error["type"] == "json_invalid" for error in failure.errors(include_url=False, include_input=False)):
        return MalformedBody("The body is not valid JSON")
    return InvalidFields(_by_field(failure.errors(include_url=False, include_input=False, include_context=True)))


def _by_field(errors: Iterable[ErrorDetails]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for error in errors:
        # Documents that nest people's fields in a profile still name them plainly.
        plain = [str(part) for part in error["loc"] if part != "profile"]
        named = ".".join(plain) or (error.get("ctx") or {}).get("field")
        name = named or ".".join(map(str, error["loc"])) or "body"
        fields.setdefault(name[:100], []).append(_text(error))
    return fields


def _text(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx") or {}
    if error["type"] == "string_too_short" and context.get("min_length") == 1:
        return _BLANK
    return _TEXTS.get(error["type"], error["msg"])
