"""The API's document, as it is served."""

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from openapi_spec_validator import validate

from functions.portal.routes import routes
from functions.portal.usecases import ASSETS, PortalDeps, swagger_ui
from scanward.web.api import Api, Edge
from scanward.web.families import TABLE
from scanward.web.responses import Cors
from scanward.web.routes import METHODS
from tests.support.client import ApiClient, InProcess
from tests.support.cloud import ROOT

OPEN = {"/auth/login", "/auth/register", "/docs", "/docs/{asset}", "/health", "/openapi.json"}
OPEN |= {"/api/register", "/api/login", "/api/token/refresh", "/auth/password-reset", "/auth/password-reset/confirm"}
OPEN |= {"/auth/undo"}
OPEN |= {f"/api/{kind}/{deed}" for kind in ("user", "doctor", "hospital", "labo") for deed in ("register", "login")}


def gateway() -> dict[str, Any]:
    """Return the document that the gateway is made from."""
    loaded: dict[str, Any] = json.loads((ROOT / "infra" / "openapi.json").read_text())
    return loaded


def test_the_gateways_document_is_valid_openapi() -> None:
    # API Gateway's greedy parameters are its own spelling; everything else is OpenAPI's.
    validate(json.loads(json.dumps(gateway()).replace("{proxy+}", "{proxy}")))


def test_every_path_answers_every_method_in_its_function() -> None:
    for path, item in gateway()["paths"].items():
        assert set(item) == {method.lower() for method in METHODS}, path
        for operation in item.values():
            assert operation["x-amazon-apigateway-integration"]["type"] == "aws_proxy", path


def test_schemas_have_names_that_api_gateway_takes() -> None:
    assert all(name.isalnum() for name in gateway()["components"]["schemas"])


def test_every_route_but_the_open_ones_needs_a_token_in_the_document() -> None:
    open_routes = {
        path
        for path, item in gateway()["paths"].items()
        for said in item.values()
        if "operationId" in said and "security" not in said
    }
    assert open_routes == OPEN


def test_what_the_gateway_refuses_has_the_envelopes_shape_and_codes() -> None:
    responses = gateway()["x-amazon-apigateway-gateway-responses"]
    for response in responses.values():
        said = json.loads(response["responseTemplates"]["application/json"])
        assert (said["success"], set(said["error"])) == (False, {"code", "message", "details"})
        assert said["error"]["code"] in {row.code for row in TABLE.values()}
        assert response["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == 404
    assert responses["REQUEST_TOO_LARGE"]["statusCode"] == 413


def test_the_page_and_its_start_are_served_below_the_stage(api: ApiClient) -> None:
    page = api.get("/docs")
    assert b'<base href="../">' in api.get("/docs/").body
    assert page.headers["content-type"].startswith("text/html")
    assert b'<base href="./">' in page.body
    assert b"http" not in page.body.replace(b"http-equiv", b"")
    assert b"SwaggerUIBundle" in api.get("/docs/start.js").body


def test_only_the_pages_own_files_are_served(api: ApiClient) -> None:
    for name in ("..%2fhandler.py", "handler.py", "%2e%2e", "openapi.json"):
        assert api.get(f"/docs/{name}").status == 404


def test_the_document_is_served_without_awss_parts_and_with_its_own_address(api: ApiClient) -> None:
    portal = PortalDeps(ROOT / "infra" / "openapi.json", swagger_ui())
    app = Api(routes, portal, Edge(None, Cors(()), Logger(service="test")))
    reply = api.through(InProcess(app)).get("/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    validate(reply.json)
    assert "amazon" not in reply.body.decode()
    assert reply.json["servers"] == [{"url": "."}]
    assert set(reply.json["paths"]["/scans"]) == {"get", "post"}
    assert "/{proxy+}" not in reply.json["paths"]


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_the_pages_files_are_those_of_swagger_ui(api: ApiClient, name: str) -> None:
    reply = api.get(f"/docs/{name}")
    assert reply.headers["content-type"] == ASSETS[name]
    assert reply.body == (swagger_ui() / name).read_bytes()
