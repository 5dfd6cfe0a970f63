"""What needs no account: health, the document and its page, and what browsers ask before they ask."""

import re
from urllib.parse import urljoin

import httpx
import pytest
from openapi_spec_validator import validate

from tests.stack.embedded import ORIGIN, Stack
from tests.support.client import ApiClient

pytestmark = pytest.mark.stack


def test_health_is_ok_over_the_gateway(anybody: ApiClient) -> None:
    answer = anybody.get("/health")
    assert (answer.status, answer.json) == (200, {"success": True, "data": {"status": "ok"}})


def test_the_document_is_valid_and_knows_where_it_is_served(stack: Stack, anybody: ApiClient) -> None:
    answer = anybody.get("/openapi.json")
    document = answer.json
    validate(document)
    assert "amazon" not in str(document)
    served = urljoin(f"{stack.api}/openapi.json", document["servers"][0]["url"]).rstrip("/")
    assert anybody.get(f"{served}/health").status == 200


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_brings_all_it_needs(stack: Stack, anybody: ApiClient, path: str) -> None:
    page = anybody.get(path)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    base = urljoin(f"{stack.api}{path}", next(iter(re.findall(r'<base href="([^"]+)"', page.text)), ""))
    assets = re.findall(r'(?:src|href)="([^"]+[.](?:css|js|png))"', page.text)
    assert {asset.rpartition(".")[2] for asset in assets} == {"css", "js", "png"}
    for asset in assets:
        answer = anybody.get(urljoin(base, asset))
        assert answer.status == 200, asset
        assert answer.body
    assert "://" not in page.text, "the page asks somebody else for something"


def test_an_unknown_asset_is_not_there(anybody: ApiClient) -> None:
    for name in ("nothing.js", "..%2fhandler.py", "LICENSE"):
        assert anybody.get(f"/docs/{name}").status == 404


@pytest.mark.parametrize("path", ["/scans/", "/scans/uploads", "/auth/login", "/users/me", "/tasks/status/1"])
def test_a_browser_of_an_allowed_origin_may_ask(anybody: ApiClient, path: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = anybody.send("OPTIONS", path, headers=asked)
    assert 200 <= answer.status < 300, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_browser_of_another_origin_may_not(anybody: ApiClient) -> None:
    other = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in anybody.send("OPTIONS", "/scans/", headers=other).headers
    assert "access-control-allow-origin" not in anybody.get("/health", headers=other).headers


def test_a_browser_of_an_allowed_origin_may_send_the_form_for_storage(stack: Stack) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{stack.endpoint}/{stack.bucket}", headers=asked, trust_env=False)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in {ORIGIN, "*"}


def test_a_browser_that_is_led_to_storage_may_read_what_is_there(stack: Stack) -> None:
    led = {"Origin": "null", "Access-Control-Request-Method": "GET"}
    answer = httpx.options(f"{stack.endpoint}/{stack.bucket}/derived/1/preview.jpg", headers=led, trust_env=False)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in {"null", "*"}


def test_answers_and_refusals_are_readable_to_an_allowed_origin(anybody: ApiClient) -> None:
    for path in ("/health", "/users/me", "/nothing"):
        assert anybody.get(path, headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
