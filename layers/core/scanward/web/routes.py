"""Typed routes: each names its models, its family and who may call it; and what a view is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from scanward.domain.accounts import Actor, Role
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.tokens import TokenType
from scanward.errors import Fields
from scanward.security.authentication import AuthContext
from scanward.web.bodies import Choice, File
from scanward.web.families import Family

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
    `root`: the API's root, relative to the request's own address. `idempotency_key`: of its Idempotency-Key header,
    on routes that take one.
    """

    body: B
    files: Mapping[str, File]
    path: Mapping[str, str]
    query: Any
    address: str
    auth: AuthContext | None
    root: str
    idempotency_key: IdempotencyKey | None = None
    if_none_match: str | None = None

    @property
    def actor(self) -> Actor:
        """Who calls; only on routes that are not public."""
        return self.require_auth().actor

    def require_auth(self) -> AuthContext:
        """Return how the caller came through the gate; only on routes that are not public."""
        if self.auth is None:
            raise LookupError("a public route has no gate and no caller")
        return self.auth


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list. `next`: what the query parameter `cursor` of the next part is; None when this is the last."""

    items: Sequence[BaseModel]
    next: str | None


D = TypeVar("D")


ANY = "ANY"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Media(Enum):
    """The content types that a route reads."""

    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"
    MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may call. `token`: the kind that must be shown, None for all callers; `roles`: empty for any role.

    `is_enrolling`: also administrators who must turn on one-time passwords first.
    """

    token: TokenType | None = TokenType.ACCESS
    roles: frozenset[Role] = frozenset()
    is_enrolling: bool = False


PUBLIC = Audience(None)
SIGNED_IN = Audience()
ENROLLING = Audience(is_enrolling=True)
REFRESHING = Audience(TokenType.REFRESH)
ADMINISTRATORS = Audience(roles=frozenset({Role.ADMIN}))


Answer = BaseModel | Sequence[BaseModel] | Binary | Page
View = Callable[[Call[Any], D], Answer]
Besides = Callable[[Call[Any], D], Fields]


@dataclass(frozen=True, slots=True)
class Route(Generic[D]):
    """One method on one path. `answer`: the model of its JSON answer, or the content type of a binary one.

    `body` may be a `Choice` between two models. With `body_optional` an absent body is one without fields.
    `files`: the names of a form's, which must all be there unless `files_optional`.
    `besides`, of JSON alone: what else is wrong with a body that breaks its model, so that every broken field is named
    at once. The body of the call it is given is the JSON as it was sent, whatever that holds. `idempotent`: whether it
    takes an Idempotency-Key.
    """

    method: str
    path: str
    family: Family
    view: View[D]
    answer: Any
    audience: Audience = SIGNED_IN
    body: type[BaseModel] | Choice | None = None
    media: tuple[Media, ...] = ()
    files: tuple[str, ...] = ()
    query: type[BaseModel] | None = None
    status: int = 200
    body_optional: bool = False
    files_optional: bool = False
    besides: Besides[D] | None = None
    idempotent: bool = False

    @property
    def summary(self) -> str:
        """The first line of the view's docstring."""
        return (self.view.__doc__ or "").strip().partition("\n")[0]


class Routes(Generic[D]):
    """The routes of one slice, all of them of `family` unless a route says otherwise."""

    def __init__(self, tag: str, family: Family) -> None:
        self.tag = tag
        self.family = family
        self.table: list[Route[D]] = []

    @classmethod
    def join(cls, tag: str, family: Family, *tables: "Routes[D]") -> "Routes[D]":
        """Return several tables as one."""
        whole = cls(tag, family)
        for table in tables:
            whole.table.extend(table.table)
        return whole

    def get(self, path: str, answer: Any, **how: Any) -> Callable[[View[D]], View[D]]:
        """Declare a GET."""
        return self._add("GET", path, answer, how)

    def post(
        self, path: str, answer: Any, body: type[BaseModel] | Choice | None = None, **how: Any
    ) -> Callable[[View[D]], View[D]]:
        """Declare a POST; a body is JSON unless `media` says otherwise."""
        how.setdefault("media", (Media.JSON,) if body else ())
        return self._add("POST", path, answer, how | {"body": body})

    def put(self, path: str, answer: Any, body: type[BaseModel], **how: Any) -> Callable[[View[D]], View[D]]:
        """Declare a PUT of JSON."""
        return self._add("PUT", path, answer, how | {"body": body, "media": (Media.JSON,)})

    def patch(self, path: str, answer: Any, body: type[BaseModel], **how: Any) -> Callable[[View[D]], View[D]]:
        """Declare a PATCH, of JSON unless `media` says otherwise."""
        how.setdefault("media", (Media.JSON,))
        return self._add("PATCH", path, answer, how | {"body": body})

    def delete(self, path: str, answer: Any, **how: Any) -> Callable[[View[D]], View[D]]:
        """Declare a DELETE."""
        return self._add("DELETE", path, answer, how)

    def any(self, path: str, answer: Any, **how: Any) -> Callable[[View[D]], View[D]]:
        """Declare every method at once."""
        return self._add(ANY, path, answer, how)

    def _add(self, method: str, path: str, answer: Any, how: dict[str, Any]) -> Callable[[View[D]], View[D]]:
        def declare(view: View[D]) -> View[D]:
            how.setdefault("family", self.family)
            self.table.append(Route(method=method, path=path, view=view, answer=answer, **how))
            return view

        return declare
