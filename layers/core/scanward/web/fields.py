"""What is wrong with a body, in words that never repeat what was sent."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from scanward.domain.accounts import Gender
from scanward.domain.claims import MAX_TOKEN_LENGTH
from scanward.errors import InvalidFields, MalformedBody
from scanward.web.texts import BLANK, not_blank, one_line, printable, seen, short_key

NOT_KNOWN = "This field is not known."
_TEXTS = {"missing": "This field is required.", "extra_forbidden": NOT_KNOWN}


class Body(BaseModel):
    """Base of every request model: what it does not name is refused. Built at its first use, not at a cold start."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Out(BaseModel):
    """Base of every answer model."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, defer_build=True)


# Behind the bounds of a string: what pydantic bounds behind a validator, it calls items.
Printable, OneLine, NotBlank, Seen = (AfterValidator(check) for check in (printable, one_line, not_blank, seen))
ShortKey = AfterValidator(short_key)  # of what is found by its folded name
Line = Annotated[str, StringConstraints(min_length=1, max_length=254), OneLine]
Called = Annotated[Line, NotBlank]
UniqueName = Annotated[str, StringConstraints(min_length=1, max_length=100), OneLine, NotBlank, ShortKey, Seen]
# The bound is said here and held where cursors are read: one that is too long is refused as any other forged one is.
Cursor = Annotated[str, Field(json_schema_extra={"maxLength": MAX_TOKEN_LENGTH})]
Upper = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)
AnyGender = Annotated[Gender, Upper]


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
        return BLANK
    return _TEXTS.get(error["type"], error["msg"])
