"""Reading request bodies: JSON, URL-encoded and multipart forms, within bounds that the gateway carries."""

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartParser, MultipartPart, ParserLimitReached, parse_options_header
from pydantic import BaseModel, ValidationError

from scanward.errors import InvalidFields, MalformedBody, TooLarge, UnsupportedMedia
from scanward.web.fields import error_of_validation

MAX_FORM_BYTES = 4_400_000  # 6 MB of base64 is what a function is given at most
MAX_JSON_BYTES = 1_000_000
MAX_PARTS = 32
MAX_PART_HEADER_BYTES = 64 * 1024
"""A file's name may take all of it: it is used for nothing, and a photograph is not refused for its name."""
_FILE_NAME = re.compile(r";\s*filename\*?\s*=", re.IGNORECASE)
TOO_LARGE_TEXT = f"Over {MAX_FORM_BYTES:,} bytes: send larger files through POST /scans/uploads"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a form. Its name is the client's and is used for nothing."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """Two models for one path, told apart by whether a field is there."""

    field: str
    present: type[BaseModel]
    absent: type[BaseModel]

    def of(self, fields: object) -> type[BaseModel]:
        """Return the model for a parsed body."""
        return self.present if isinstance(fields, dict) and self.field in fields else self.absent


@dataclass(frozen=True, slots=True)
class Raw:
    """A request's body as it came: its bytes and content type."""

    content: bytes
    content_type: str


def read_json(raw: Raw, model: type[BaseModel] | Choice) -> BaseModel:
    """Return a JSON body as `model`, types taken strictly. Raises MalformedBody, InvalidFields, TooLarge."""
    if len(raw.content) > MAX_JSON_BYTES:
        raise TooLarge
    try:
        parsed_body = json.loads(raw.content, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MalformedBody("The body is not valid JSON") from error
    try:
        return _choose_model(model, parsed_body).model_validate_json(raw.content, strict=True)
    except ValidationError as failure:
        raise error_of_validation(failure) from failure


def read_form(
    raw: Raw, model: type[BaseModel] | Choice, file_names: Collection[str] = ()
) -> tuple[BaseModel, Mapping[str, File]]:
    """Return a form's fields as `model`, and its files by name. Raises MalformedBody, InvalidFields, TooLarge.

    `file_names`: fields that are files, whether a part says a file's name or not.
    """
    if len(raw.content) > MAX_FORM_BYTES:
        raise TooLarge(TOO_LARGE_TEXT)
    multipart = raw.content_type.lower().startswith("multipart/form-data")
    fields, files = _read_multipart(raw, file_names) if multipart else (_read_urlencoded(raw), {})
    try:
        return _choose_model(model, fields).model_validate(fields), files
    except ValidationError as failure:
        raise error_of_validation(failure) from failure


def _choose_model(model: type[BaseModel] | Choice, fields: object) -> type[BaseModel]:
    return model.of(fields) if isinstance(model, Choice) else model


def _read_multipart(raw: Raw, file_names: Collection[str]) -> tuple[dict[str, str], dict[str, File]]:
    _, options = parse_options_header(raw.content_type)
    boundary = options.get("boundary", "")
    if not boundary:
        raise MalformedBody("The form has no boundary")
    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    try:
        parser = MultipartParser(
            BytesIO(raw.content),
            boundary,
            content_length=len(raw.content),
            charset="latin-1",  # of headers: it reads any byte, and phones write file names in encodings of their own
            headersize_limit=MAX_PART_HEADER_BYTES,
            part_limit=MAX_PARTS,
            memory_limit=MAX_FORM_BYTES,
            spool_limit=MAX_FORM_BYTES,
        )
        for part in parser:
            name = _field_name(part, file_names)
            if name in fields or name in files:
                raise InvalidFields({name[:100]: ["This field may be given once."]})
            if name in file_names or _has_file_name(part):
                files[name] = File(part.raw)
            else:
                fields[name] = part.raw.decode()  # UTF-8, whatever charset a part claims
    except ParserLimitReached as over:
        raise TooLarge(TOO_LARGE_TEXT) from over
    except (MultipartError, UnicodeError) as error:
        raise MalformedBody("The form cannot be read") from error
    return fields, files


def _field_name(part: MultipartPart, file_names: Collection[str]) -> str:
    """Return a part's name; a file without one is the only file that a form may have."""
    if not part.name and len(file_names) == 1 and _has_file_name(part):
        return next(iter(file_names))
    return (part.name or "").encode("latin-1").decode()


def _has_file_name(part: MultipartPart) -> bool:
    """Tell whether a part says that it is a file, in whatever encoding: some break the quotes around the name."""
    return _FILE_NAME.search(part.disposition or "") is not None


def _read_urlencoded(raw: Raw) -> dict[str, str]:
    if not raw.content_type.lower().startswith("application/x-www-form-urlencoded"):
        raise UnsupportedMedia
    try:
        pairs = parse_qsl(
            raw.content.decode(),
            keep_blank_values=True,
            max_num_fields=MAX_PARTS,
            strict_parsing=bool(raw.content),
            errors="strict",
        )
    except (ValueError, UnicodeError) as error:
        raise MalformedBody("The form cannot be read") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise MalformedBody("A field is given twice")
    return fields


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name is given twice")
    return fields


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and infinities are not JSON")
