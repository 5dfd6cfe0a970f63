"""The gateway's document: fresh, and refused where AWS would refuse it."""

from typing import Any

import pytest

from infra import openapi
from scanward.web.families import Family
from scanward.web.openapi import document, to_openapi_30
from scanward.web.routes import PUBLIC, Binary, Call, Routes


def view(call: Call[None], deps: None) -> Binary:
    """Return a view."""
    return Binary(b"", "text/plain")


def test_the_committed_document_is_what_the_routes_say() -> None:
    assert openapi.TARGET.read_text() == openapi.render()


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ("/users/{id}", "/users/{user_id}", True),
        ("/users/{id}/scans", "/users/{user_id}", True),
        ("/users/{id}", "/users/me", False),
        ("/users/{id}", "/users/{id}/scans", False),
        ("/users/{id}", "/scans/{scan_id}", False),
        ("/users/{id}", "/users/{proxy+}", False),
    ],
)
def test_siblings_of_different_names_are_refused(one: str, other: str, refused: bool) -> None:
    routes = Routes[None]("slice", Family.ENVELOPE)
    for path in (one, other):
        routes.get(path, "text/plain", audience=PUBLIC)(view)
    if refused:
        with pytest.raises(ValueError, match="sibling"):
            document({"Function": routes}, "1")
    else:
        assert set(document({"Function": routes}, "1")["paths"]) == {one, other}


def test_a_path_of_two_functions_is_refused() -> None:
    one, other = Routes[None]("one", Family.ENVELOPE), Routes[None]("other", Family.ENVELOPE)
    one.get("/users/me", "text/plain", audience=PUBLIC)(view)
    other.delete("/users/me", "text/plain", audience=PUBLIC)(view)
    with pytest.raises(ValueError, match="serves it"):
        document({"One": one, "Other": other}, "1")


@pytest.mark.parametrize(
    ("modern", "older"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"$ref": "#/x"}, {"type": "null"}], "default": None},
            {"allOf": [{"$ref": "#/x"}], "default": None, "nullable": True},
        ),
        ({"const": "bearer", "title": "Kind"}, {"enum": ["bearer"]}),
        ({"exclusiveMinimum": 0, "type": "integer"}, {"minimum": 0, "exclusiveMinimum": True, "type": "integer"}),
        (
            {"type": "object", "properties": {"title": {"type": "string", "title": "Title"}}},
            {"type": "object", "properties": {"title": {"type": "string"}}},
        ),
    ],
)
def test_schemas_are_said_in_the_older_dialect(modern: dict[str, Any], older: dict[str, Any]) -> None:
    assert to_openapi_30(modern) == older
