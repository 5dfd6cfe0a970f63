"""Contract C's `image`: sent with the profile, shown through a link that soon ends, gone when it is replaced."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from scanward.stores.clients import s3
from tests.faults.injection import failing
from tests.support.client import ApiClient, Reply
from tests.support.cloud import BUCKET
from tests.support.people import sign_in_administrator
from tests.support.photographs import PLACES, jpeg, png
from tests.support.registrations import KINDS, body
from tests.unit.functions.auth.routes.test_flat_profile import UNKNOWN, patch


def signed_in(api: ApiClient, kind: str = "user") -> ApiClient:
    return ApiClient(api.post(f"/api/{kind}/register", body(kind)).json["access"])


def send(client: ApiClient, files: dict[str, bytes], fields: dict[str, str] | None = None) -> Reply:
    """Return the profile as a form."""
    return client.upload("/api/profile", files, fields, method="PATCH")


def kept() -> list[str]:
    """Return the keys of the pictures that are there."""
    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="profiles/").get("Contents", [])
    return [item["Key"] for item in found]


def shown(link: str) -> Any:
    """Return what S3 has for a link: where it leads, and how long it holds."""
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    key = parts.path.partition("/profiles/")[2]
    assert (parts.scheme, query["X-Amz-Algorithm"], query["X-Amz-Expires"]) == ("https", ["AWS4-HMAC-SHA256"], ["300"])
    return boto3.client("s3").get_object(Bucket=BUCKET, Key=f"profiles/{key}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("content", "content_type"), [(jpeg(6), "image/jpeg"), (png(), "image/png")])
def test_each_kind_of_account_has_a_picture(api: ApiClient, kind: str, content: bytes, content_type: str) -> None:
    client = signed_in(api, kind)
    assert client.get("/api/profile").json["image"] is None
    changed = send(client, {"image": content}, {"phone": "+44 1"})
    assert (changed.status, changed.json["phone"]) == (200, "+44 1")
    for link in (changed.json["image"], client.get("/api/profile").json["image"]):
        found = shown(link)
        assert (found["ContentType"], found["ContentDisposition"]) == (content_type, "inline")
        assert found["CacheControl"] == "private, max-age=300"
        assert not [place for place in PLACES if place in found["Body"].read()]


def test_a_new_picture_replaces_the_old_one_and_null_clears_it(api: ApiClient) -> None:
    client = signed_in(api)
    first = send(client, {"image": png()}).json["image"]
    second = send(client, {"image": jpeg()}).json["image"]
    assert urlsplit(first).path != urlsplit(second).path
    assert [key.rpartition(".")[2] for key in kept()] == ["jpg"]
    assert patch(client, {"phone": "+44 1"}).json["image"] is not None, "what is not named stays"
    assert patch(client, {"image": None}).json["image"] is None
    assert kept() == []
    assert client.get("/api/profile").json["image"] is None


def test_the_other_fields_come_in_the_form_as_well(api: ApiClient) -> None:
    fields = {"first_name": "Augusta", "birth_date": "1990-05-15", "married": "true", "gender": "FEMALE"}
    fields |= {"emergency_numbers": '["999", "112"]', "address": "12 St James's Square"}
    changed = send(signed_in(api), {}, fields)
    assert changed.status == 200
    said = fields | {"married": True, "emergency_numbers": ["999", "112"]}
    assert {name: changed.json[name] for name in said} == said
    assert changed.json["image"] is None


@pytest.mark.parametrize(
    ("files", "fields", "broken"),
    [
        ({"image": b"GIF89a"}, {}, {"image"}),
        ({"image": b""}, {}, {"image"}),
        ({"image": png() + bytes(2_000_000)}, {}, {"image"}),
        ({"portrait": png()}, {}, {"portrait"}),
        ({"image": png(), "phone": b"1"}, {}, {"phone"}),
        ({"image": png()}, {"phone": ""}, {"phone"}),
        ({"image": png()}, {"role": "ADMIN"}, {"role"}),
        ({"image": png()}, {"bio": "Long in practice."}, {"bio"}),
        ({"image": png()}, {"carte_id": "C-2"}, {"carte_id"}),
        ({}, {"image": ""}, {"image"}),
        ({}, {"image": "profiles/7/somebody"}, {"image"}),
        ({}, {"emergency_numbers": "999"}, {"emergency_numbers"}),
        ({}, {"emergency_numbers": "[" * 100_000}, {"emergency_numbers"}),
    ],
)
def test_a_broken_form_is_refused_by_field_and_nothing_is_kept(
    api: ApiClient, files: dict[str, bytes], fields: dict[str, str], broken: set[str]
) -> None:
    reply = send(signed_in(api), files, fields)
    assert (reply.status, {name.partition(".")[0] for name in reply.json}) == (400, broken)
    assert kept() == []


@pytest.mark.parametrize("image", ["profiles/7/x.png", "", 7, {}, ["x"]])
def test_a_profile_change_cannot_name_a_stored_picture(api: ApiClient, image: object) -> None:
    reply = patch(signed_in(api), {"image": image})
    assert (reply.status, set(reply.json)) == (400, {"image"})


def test_an_administrator_has_no_picture(api: ApiClient) -> None:
    client = sign_in_administrator(api)
    assert "image" not in client.get("/api/profile").json
    for reply in (send(client, {"image": png()}), patch(client, {"image": None})):
        assert (reply.status, reply.json) == (400, {"image": UNKNOWN})
    assert kept() == []


def test_a_change_that_is_refused_later_leaves_no_picture_behind(api: ApiClient) -> None:
    client = signed_in(api)
    api.post("/auth/register", {"email": "held@example.org", "password": "correct horse"})
    taken = send(client, {"image": png()}, {"email": "held@example.org"})
    assert (taken.status, taken.json) == (400, {"email": ["This field must be unique."]})
    assert kept() == []


def test_a_picture_goes_with_its_account(api: ApiClient) -> None:
    client = signed_in(api)
    assert send(client, {"image": png()}).status == 200
    assert sign_in_administrator(api).delete(f"/users/{client.get('/api/profile').json['id']}").status == 200
    assert kept() == []


def test_storage_that_fails_is_told_plainly_and_changes_nothing(api: ApiClient) -> None:
    client = signed_in(api)
    with failing(s3(), "s3.PutObject"):
        refused = send(client, {"image": png()}, {"phone": "+44 1"})
    assert (refused.status, refused.json) == (503, {"error": "Temporarily unavailable"})
    assert (client.get("/api/profile").json["phone"], kept()) == (None, [])


def test_a_patch_by_form_needs_a_token(api: ApiClient) -> None:
    assert send(api, {"image": png()}).status == 401
    assert json.loads(send(api, {}).body) == {"error": "Not authenticated"}
