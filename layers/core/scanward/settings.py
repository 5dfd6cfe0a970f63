"""A function's settings, read from its environment once, from the fields of a frozen dataclass."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class MissingSetting(LookupError):
    """A required environment variable is not there."""


@dataclass(frozen=True, init=False)
class Variable:
    """The environment variables of a field, where its own name in upper case is not it; the first that is set counts.

    `read`: turns the text, which may be empty, into the value. In the variable of a mapping, `{}` stands for the name
    of the enumeration's member.
    """

    names: tuple[str, ...]
    read: Callable[[str], Any] | None

    def __init__(self, *names: str, read: Callable[[str], Any] | None = None) -> None:
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "read", read)


AdministratorsEnrol = Annotated[bool, Variable("ADMINISTRATORS_NEED_SECOND_FACTOR", read=lambda text: text == "true")]
"""Whether administrators turn on one-time passwords before they do anything else: of every function with a gate."""


def load_settings(kind: type[T], values: Mapping[str, str] | None = None) -> T:
    """Return the settings of a dataclass, each field from the variable of its name, by its type.

    `str` and `int` are required, `X | None` is optional, `tuple[str, ...]` is a comma-separated list and empty when
    absent, `Mapping[Enum, X]` has a variable for each member, a dataclass is read from the same environment.
    `Annotated[X, Variable(…)]` names other variables. Raises MissingSetting for what is required and absent or empty.
    """
    environment = os.environ if values is None else values
    hints = get_type_hints(kind, include_extras=True)
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # a type variable has no bound for dataclasses
    return kind(**{name: _load(hints[name], Variable(name.upper()), environment) for name in names})


def _load(hint: Any, variable: Variable, values: Mapping[str, str]) -> Any:
    if get_origin(hint) is Annotated:
        hint, variable = get_args(hint)
    if is_dataclass(hint) and variable.read is None:
        return load_settings(hint, values)  # type: ignore[arg-type]  # mypy takes it for an instance
    inner = get_args(hint)
    if variable.read is None and inner and isinstance(inner[0], type) and issubclass(inner[0], Enum):
        [pattern] = variable.names
        return {member: _load(inner[1], Variable(pattern.format(member.name)), values) for member in inner[0]}
    text = next(filter(None, (values.get(name) for name in variable.names)), "")
    if variable.read:
        return variable.read(text)
    if get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if get_origin(hint) is UnionType and NoneType in inner:
        return text or None
    if not text:
        raise MissingSetting(variable.names[-1])
    return hint(text)
