"""Requests that are not as they should be: the family's shape, the right status, never a 500."""

import json

import pytest

from tests.support.client import ApiClient

FLAT_UNKNOWN = "/api/nothing/here"


def test_an_unknown_path_is_404_in_its_familys_shape(api: ApiClient) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        enveloped = api.send(method, "/nothing/here")
        assert (enveloped.status, enveloped.code) == (404, "NOT_FOUND")
        flat = api.send(method, FLAT_UNKNOWN)
        assert (flat.status, flat.json) == (404, {"error": "Not found"})


@pytest.mark.parametrize("path", ["/auth/login", "/scans", "/scans/1", "/users/me", "/health"])
def test_an_unknown_method_is_405_and_says_which_are_known(api: ApiClient, path: str) -> None:
    reply = api.send("PATCH", path)
    assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
    assert "OPTIONS" in reply.headers["allow"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/json5"])
def test_an_unknown_content_type_is_415(api: ApiClient, content_type: str) -> None:
    reply = api.send("POST", "/auth/register", b"{}", content_type or "/")
    assert (reply.status, reply.code) == (415, "UNSUPPORTED_MEDIA")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"email": NaN}',
        b'{"email": 1e400}',
        b'{"email": "a@b.org", "email": "c@d.org", "password": "correct horse"}',
        b'{"email": "\xff"}',
        b'{"email": "\\ud800@example.org", "password": "correct horse"}',
        b"\x00",
    ],
    ids=["empty", "cut", "deep", "deep-closed", "deep-object", "NaN", "1e400", "twice", "not-utf8", "surrogate", "nul"],
)
def test_malformed_json_is_400(api: ApiClient, body: bytes) -> None:
    reply = api.send("POST", "/auth/register", body, "application/json")
    assert (reply.status, reply.code) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1", b"{}"])
def test_json_of_another_shape_is_422(api: ApiClient, body: bytes) -> None:
    reply = api.send("POST", "/auth/register", body, "application/json")
    assert (reply.status, reply.code) == (422, "VALIDATION_ERROR")


def test_a_body_over_the_bound_is_413(api: ApiClient) -> None:
    reply = api.post("/auth/register", {"email": "a@b.org", "password": "x" * 2_000_000})
    assert (reply.status, reply.code) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    "form",
    [
        b"email",
        b"email=%ED%A0%80@b.org&password=correct+horse",
        b"email=%FF&password=x",
        b"email=a@b.org&email=c@d.org&password=correct+horse",
        b"&".join(b"f%d=1" % i for i in range(100)),
    ],
)
def test_a_malformed_form_is_400(api: ApiClient, form: bytes) -> None:
    reply = api.send("POST", "/auth/login", form, "application/x-www-form-urlencoded")
    assert (reply.status, reply.code) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\ncut"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header at all\r\n\r\nx\r\n--b--\r\n"),
    ],
    ids=["no-boundary", "empty", "cut", "no-header"],
)
def test_a_malformed_multipart_body_is_400(patient: ApiClient, header: str, body: bytes) -> None:
    reply = patient.send("POST", "/scans", body, header)
    assert (reply.status, reply.code) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer not.a.token",
        "Bearer " + "x" * 100_000,
        "bearer \x00",
        "e30.e30.",
    ],
)
@pytest.mark.parametrize("path", ["/users/me", "/scans/1", "/tasks/status/1", "/files/images/1", "/files/heatmaps/1"])
def test_without_a_good_token_every_route_is_401_in_the_same_words(
    api: ApiClient, path: str, header: str | None
) -> None:
    reply = api.get(path, headers={"Authorization": header} if header is not None else {})
    assert reply.status == 401
    assert reply.json["error"] == {"code": "NOT_AUTHENTICATED", "message": "Not authenticated", "details": {}}
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_body_is_not_even_read_without_a_token(api: ApiClient) -> None:
    assert api.send("POST", "/scans", b"x" * 6_000_000, "multipart/form-data; boundary=b").status == 401


def test_preflight_names_what_the_path_serves_for_an_allowed_origin_only(api: ApiClient) -> None:
    allowed = api.send("OPTIONS", "/auth/login", headers={"Origin": "https://app.example.org"})
    assert (allowed.status, allowed.body) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    assert allowed.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "access-control-allow-credentials" not in allowed.headers
    foreign = api.send("OPTIONS", "/auth/login", headers={"Origin": "https://elsewhere.example.org"})
    assert "access-control-allow-origin" not in foreign.headers


def test_answers_and_refusals_carry_cors_headers(api: ApiClient) -> None:
    for path in ("/health", "/users/me", "/nothing"):
        reply = api.get(path, headers={"Origin": "https://app.example.org"})
        assert reply.headers["access-control-allow-origin"] == "https://app.example.org"


def test_health_says_ok(api: ApiClient) -> None:
    assert api.get("/health").data == {"status": "ok"}


def test_an_error_never_repeats_what_was_sent(api: ApiClient) -> None:
    planted = "Evangelina\r\nSet-Cookie: planted=1"
    body = {"email": planted, "password": planted, planted[:10]: planted}
    replies = [
        api.post("/auth/register", body),
        api.form("/auth/login", {"email": planted, "password": planted}),
        api.get("/scans/Evangelina"),
    ]
    for reply in replies:
        text = json.dumps(reply.headers) + reply.body.decode().replace("Evangelina\\", "")
        assert "planted" not in text


@pytest.mark.parametrize("charset", ["nope", "rot13", "base64", "zlib", "unicode_escape", "utf-7", "idna"])
def test_the_charset_that_a_part_claims_is_not_believed(api: ApiClient, charset: str) -> None:
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n'
        f"Content-Type: text/plain; charset={charset}\r\n\r\n{value}\r\n"
        for name, value in (("email", "a@b.org"), ("password", "\\ud800\\ud800xx"))
    )
    reply = api.send("POST", "/auth/login", f"{parts}--b--\r\n".encode(), "multipart/form-data; boundary=b")
    assert (reply.status, reply.code) == (401, "INVALID_CREDENTIALS")


def test_an_email_that_folds_to_something_endless_is_refused(api: ApiClient) -> None:
    email = "\ufdfa" * 240 + "@example.org"
    assert api.post("/auth/register", {"email": email, "password": "correct horse"}).status == 422
    assert api.post("/auth/login", {"email": email, "password": "correct horse"}).status == 422


@pytest.mark.parametrize(("path", "flat"), [("/", False), ("/api", True), ("/api/", True)])
def test_the_roots_are_404_in_their_familys_shape(api: ApiClient, path: str, flat: bool) -> None:
    reply = api.get(path)
    assert reply.status == 404
    assert reply.json == ({"error": "Not found"} if flat else reply.json)
    assert flat or reply.code == "NOT_FOUND"
