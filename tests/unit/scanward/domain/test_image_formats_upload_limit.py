"""The limits of an upload, written in several places that cannot import each other, are the same everywhere."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from imaging import bounds
from infra.demo import client
from scanward.domain.image_formats import MAX_UPLOAD_BYTES
from scanward.web.bodies import MAX_FORM_BYTES, TOO_LARGE_TEXT
from tests.support.cloud import ROOT

MULTIPART_ENVELOPE = 1_000
"""Bytes that the demo leaves for what stands around a file in its form."""

FORM_TEXT = f"{MAX_FORM_BYTES:,} bytes"
UPLOAD_TEXT = f"{MAX_UPLOAD_BYTES // 2**20} MB"


def operation(path: str) -> Mapping[str, Any]:
    """Return what the API document says of POST to a path."""
    document = json.loads((ROOT / "infra" / "openapi.json").read_text())
    post: Mapping[str, Any] = document["paths"][path]["post"]
    return post


def test_imaging_reads_a_file_as_large_as_an_upload_may_be() -> None:
    assert bounds.MAX_BYTES == MAX_UPLOAD_BYTES


def test_the_demo_sends_a_file_as_large_as_an_upload_may_be() -> None:
    assert client.UPLOAD_LIMIT == MAX_UPLOAD_BYTES


def test_the_demo_sends_a_form_as_large_as_one_may_be() -> None:
    assert client.FORM_LIMIT == MAX_FORM_BYTES - MULTIPART_ENVELOPE


def test_a_form_in_base64_fits_into_what_lambda_is_given() -> None:
    assert MAX_FORM_BYTES * 4 / 3 < 6 * 2**20


@pytest.mark.parametrize("path", ["/scans", "/predict"])
def test_routes_for_forms_say_how_large_one_may_be(path: str) -> None:
    assert FORM_TEXT in operation(path)["summary"]


def test_the_route_for_large_files_says_how_large_one_may_be() -> None:
    assert UPLOAD_TEXT in operation("/scans/uploads")["summary"]


def test_the_gateway_refuses_a_large_form_as_the_functions_do() -> None:
    document = json.loads((ROOT / "infra" / "openapi.json").read_text())
    response = document["x-amazon-apigateway-gateway-responses"]["REQUEST_TOO_LARGE"]
    (body,) = response["responseTemplates"].values()
    assert json.loads(body)["error"]["message"] == TOO_LARGE_TEXT
    assert FORM_TEXT in TOO_LARGE_TEXT


@pytest.mark.parametrize("page", ["README.md", "docs/contracts.md"])
def test_pages_say_how_large_a_form_may_be(page: str) -> None:
    assert FORM_TEXT in (ROOT / page).read_text()


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_pages_say_how_large_an_upload_may_be(page: str) -> None:
    assert UPLOAD_TEXT in (ROOT / page).read_text()
