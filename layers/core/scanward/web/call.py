"""What a view is given, and what it may give back besides a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from scanward.domain.accounts import Actor
from scanward.domain.once import Once
from scanward.security.gate import Pass
from scanward.web.bodies import File

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Binary:
    """An answer that is not JSON. `status`: the route's own unless given."""

    content: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[B]):
    """One request, parsed: what a view is given.

    `path`: parameters by name, as they were spelled. `query`: the route's model. `address`: the caller's.
    `root`: the API's root, relative to the request's own address. `once`: of its Idempotency-Key, on routes that take
    one.
    """

    body: B
    files: Mapping[str, File]
    path: Mapping[str, str]
    query: Any
    address: str
    passed: Pass | None
    root: str
    once: Once | None = None
    if_none_match: str | None = None

    @property
    def actor(self) -> Actor:
        """Who calls; only on routes that are not public."""
        return self.require_pass().actor

    def require_pass(self) -> Pass:
        """How the caller came through the gate; only on routes that are not public."""
        if self.passed is None:
            raise LookupError("nobody passes a gate on a public route")
        return self.passed


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list. `next`: what the query parameter `cursor` of the next part is; None when this is the last."""

    items: Sequence[BaseModel]
    next: str | None
