"""Compares an answer with what a document shows, where a kind such as `{int}` stands for any such value."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from scanward.domain.ids import parse_id

_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
_PATH = re.compile(r"(/[\w-]+)+")
_DURATION = re.compile(r"[1-9]\d* (seconds|minutes?)")


def compare(documented: Any, answered: Any, where: str) -> None:
    """Every documented field is answered, with its value or one of its kind; answers may have more."""
    if isinstance(documented, dict):
        assert isinstance(answered, dict), where
        for name, value in documented.items():
            assert name in answered, f"{where}: {name}"
            compare(value, answered[name], f"{where}: {name}")
    elif isinstance(documented, list):
        assert len(documented) == len(answered), (where, answered)
        for one, other in zip(documented, answered, strict=True):
            compare(one, other, where)
    elif documented in _KINDS:
        assert _KINDS[documented](answered), (where, answered)
    else:
        assert (documented, type(documented)) == (answered, type(answered)), where


def _is_id(value: Any) -> bool:
    return type(value) is int and parse_id(str(value)) == value


def _is_uuid(value: Any) -> bool:
    return str(UUID(value)) == value and parse_id(value) > 0


def _is_time(value: Any) -> bool:
    return bool(value.endswith("Z") and datetime.fromisoformat(value))


def _is_score(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_KINDS: dict[str, Callable[[Any], bool]] = {
    "{int}": _is_id,
    "{uuid}": _is_uuid,
    "{random uuid}": lambda value: UUID(value).version == 4 and str(UUID(value)) == value,
    "{time}": _is_time,
    "{score}": _is_score,
    "{text}": _is_text,
    "{path}": lambda value: bool(_PATH.fullmatch(value)),
    "{duration}": lambda value: bool(_DURATION.fullmatch(value)),
    "{token}": lambda value: bool(_TOKEN.fullmatch(value)),
}
