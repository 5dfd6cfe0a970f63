"""Taking along one's own data: a ZIP of JSON and images, packed in the background, fetched by a link."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3

from scanward.domain.ids import parse_id
from scanward.stores.secrets import PseudonymKeyStore
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, TABLES
from tests.support.links import connect
from tests.support.own_data import WORD, add_scan, carry_out, deliver, fetch_export, live_a_life
from tests.support.people import own_id

KINDS = {
    "account",
    "sessions",
    "scans",
    "readings",
    "tasks",
    "care_links",
    "departments",
    "works_in",
    "sheet",
    "patient_records",
    "medical_histories",
    "questions",
    "access_log",
    "notifications",
}


def packed_list(client: ApiClient, name: str) -> Any:
    """Return one of its lists."""
    return json.loads(fetch_export(client).read(f"{name}.json"))


def test_a_look_has_it_packed_and_later_ones_say_where_it_is(ada: ApiClient) -> None:
    first = ada.get("/users/me/export")
    assert (first.status, first.data["status"], first.data["progress"]) == (200, "PENDING", 0)
    assert (first.data["url"], first.data["expires_in"]) == (None, None)
    assert ada.get("/users/me/export").data == first.data
    assert deliver() == [{"batchItemFailures": []}], "the second look asked for no other"
    ready = ada.get("/users/me/export").data
    assert (ready["task_id"], ready["status"], ready["progress"]) == (first.data["task_id"], "COMPLETED", 100)
    said = parse_qs(urlsplit(ready["url"]).query)
    assert (said["X-Amz-Expires"], ready["expires_in"]) == (["300"], 300)
    assert f"exports/{own_id(ada)}/{parse_id(ready['task_id'])}.zip" in ready["url"]


def test_everything_that_is_kept_of_a_person_is_in_the_export(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    scan = live_a_life(ada, doctor)
    ada.get("/users/me/export")
    deliver()
    packed = fetch_export(ada)
    assert packed.testzip() is None
    files = {name.removesuffix(".json"): json.loads(packed.read(name)) for name in packed.namelist() if ".json" in name}
    assert set(files) == KINDS
    assert (files["account"][0]["names"]["email"], files["account"][0]["profile"]["full_name"]) == (
        "ada@example.org",
        WORD,
    )
    assert len(files["sessions"]) == 1
    assert ([one["id"] for one in files["scans"]], len(files["tasks"])) == ([scan.id], 2)
    assert [one["professional_id"] for one in files["care_links"]] == [own_id(doctor)]
    assert [one["patient_id"] for one in files["departments"]] == [own_id(ada)]
    assert [(one["version"], one["diagnosis"]) for one in files["sheet"]] == [(2, f"{WORD}, amended"), (1, WORD)]
    [record] = files["patient_records"]
    assert (record["standing"]["text"]["diagnosis"], len(record["replaced"])) == ("amended", 1)
    assert files["medical_histories"][0]["standing"]["text"]["name"] == WORD
    assert {one["response"]["text"] if one["response"] else None for one in files["questions"]} == {WORD, None}
    assert {entry["action"] for entry in files["access_log"]} == {"CONNECT", "WRITE_DIAGNOSIS"}
    images = {name for name in packed.namelist() if name.startswith("images/")}
    assert images == {
        f"images/{scan.id}/{name}" for name in ("original", "preview.jpg", "more", f"{scan.task_id}/heatmap.png")
    }
    assert packed.read(f"images/{scan.id}/original").decode() == WORD


def test_what_a_person_was_told_of_access_is_in_the_export(doctor: ApiClient, ada: ApiClient) -> None:
    reason = {"reason": "Unconscious at the door"}
    assert doctor.post(f"/patients/{own_id(ada)}/break-glass", reason).status == 201
    ada.get("/users/me/export")
    deliver()
    [notice] = packed_list(ada, "notifications")
    assert (notice["change"], notice["professional_id"]) == ("BREAK_GLASS", own_id(doctor))


def test_neither_secrets_nor_other_people_are_in_the_export(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    for patient in (ada, ben):
        connect(doctor, patient)
        live_a_life(patient, doctor)
    doctor.get("/users/me/export")
    deliver()
    packed = fetch_export(doctor)
    whole = b"".join(packed.read(name) for name in packed.namelist()).decode()
    for word in (WORD, "argon2", "ada@example.org", "ben@example.org", str(ada.token)):
        assert word not in whole
    assert {link["patient_id"] for link in json.loads(packed.read("care_links.json"))} == {own_id(ada), own_id(ben)}


def test_export_of_a_refused_doctor_names_no_patient(admin: ApiClient, doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    assert admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False}).status == 200
    for client in (doctor, ada):
        client.get("/users/me/export")
    deliver()
    assert packed_list(doctor, "care_links") == []
    assert [link["professional_id"] for link in packed_list(ada, "care_links")] == [own_id(doctor)]


def test_key_of_a_persons_pseudonyms_is_not_in_the_export(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    live_a_life(ada, doctor)
    key = PseudonymKeyStore(TABLES["SCANS_TABLE"]).read_or_make(own_id(ada)).hex()
    ada.get("/users/me/export")
    deliver()
    packed = fetch_export(ada)
    assert key not in b"".join(packed.read(name) for name in packed.namelist()).decode("latin-1")


def test_a_newer_one_is_packed_when_asked_for_but_not_at_once(ada: ApiClient) -> None:
    first = ada.post("/users/me/export", {})
    assert first.status == 202
    assert ada.post("/users/me/export", {}).data["task_id"] == first.data["task_id"]
    deliver()
    assert ada.post("/users/me/export", {}).data["status"] == "COMPLETED"
    assert deliver() == []


def test_an_export_that_was_packed_is_packed_once(ada: ApiClient) -> None:
    ada.get("/users/me/export")
    deliver()
    before = _versions()
    assert carry_out(json.dumps({"wish": "EXPORT", "account_id": own_id(ada)})) == {"batchItemFailures": []}
    assert _versions() == before


def _versions() -> int:
    return len(boto3.client("s3").list_object_versions(Bucket=BUCKET).get("Versions", []))


def test_images_larger_than_a_part_come_through_whole(ada: ApiClient) -> None:
    scan = add_scan(own_id(ada), own_id(ada))
    film = bytes(range(256)) * 4096 * 20  # 20 MB: three parts
    boto3.client("s3").put_object(Bucket=BUCKET, Key=scan.object_key, Body=film)
    ada.get("/users/me/export")
    deliver()
    assert fetch_export(ada).read(f"images/{scan.id}/original") == film


def test_an_export_is_its_owners(ada: ApiClient, ben: ApiClient) -> None:
    ada.get("/users/me/export")
    deliver()
    assert ben.get("/users/me/export").data["status"] == "PENDING"
    assert ApiClient().get("/users/me/export").status == 401
