"""The API's document, as it is served."""

import json
from typing import Any

from openapi_spec_validator import validate

from tests.cloud import ROOT
from tests.http.client import Client


def gateway() -> dict[str, Any]:
    """The document that the gateway is made from."""
    loaded: dict[str, Any] = json.loads((ROOT / "infra" / "openapi.json").read_text())
    return loaded


def test_the_gateways_document_is_valid_openapi() -> None:
    validate(gateway())


def test_every_path_answers_every_method_in_its_function() -> None:
    for path, item in gateway()["paths"].items():
        for operation in item.values():
            assert operation["x-amazon-apigateway-integration"]["type"] == "aws_proxy", path


def test_schemas_have_names_that_api_gateway_takes() -> None:
    assert all(name.isalnum() for name in gateway()["components"]["schemas"])


def test_routes_that_need_somebody_say_so() -> None:
    open_routes = {
        path
        for path, item in gateway()["paths"].items()
        for verb, said in item.items()
        if not verb.startswith("x-") and "security" not in said
    }
    assert open_routes == {"/auth/login", "/auth/register", "/docs", "/docs/{asset}", "/health", "/openapi.json"}


def test_the_page_and_its_start_are_served_below_the_stage(api: Client) -> None:
    page = api.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert b'<base href="/live/">' in page.body
    assert b"http" not in page.body.replace(b"http-equiv", b"")
    assert b"SwaggerUIBundle" in api.get("/docs/start.js").body


def test_only_the_pages_own_files_are_served(api: Client) -> None:
    for name in ("..%2fhandler.py", "handler.py", "%2e%2e", "openapi.json"):
        assert api.get(f"/docs/{name}").status == 404
