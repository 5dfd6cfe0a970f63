"""X-rays as contract E says them, over the same scans as contract B."""

import pytest

from scanward.domain.ids import to_uuid
from tests.support.client import ApiClient, Reply
from tests.support.cloud import ROOT
from tests.support.links import let_in
from tests.support.people import own_id, professional, sign_in, sign_in_administrator
from tests.support.scans import analyse

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()
COLUMNS = {
    "id",
    "name_of_xray",
    "description_of_xray",
    "result_of_xray",
    "type_of_xray",
    "image_of_xray",
    "user_id",
    "created_at",
    "updated_at",
}
SAID = {"name_of_xray": "Chest PA", "description_of_xray": "after a fall", "type_of_xray": "chest"}
Row = dict[str, object]


@pytest.fixture
def row(patient: ApiClient) -> Row:
    reply = patient.upload("/api/xrays", {"image_of_xray": PNG}, SAID)
    assert reply.status == 201, reply.body
    made: Row = reply.json
    return made


def test_an_upload_answers_with_the_tables_columns(patient: ApiClient, row: Row) -> None:
    assert set(row) >= COLUMNS
    assert {name: row[name] for name in SAID} == SAID
    assert (row["result_of_xray"], row["user_id"]) == (None, own_id(patient))
    assert isinstance(row["id"], int)


def test_an_xray_of_contract_e_is_the_same_scan_as_in_other_contracts(patient: ApiClient, row: Row) -> None:
    scan = patient.get(f"/scans/{row['id']}").data
    assert scan["patient_id"] == row["user_id"]
    analyse({"scan_id": str(row["id"]), "task_id": str(row["task_id"])})
    read = patient.get(f"/api/unique_xray/{row['id']}").json
    assert read["analysis"] == patient.get(f"/scans/{row['id']}").data["result"]
    assert patient.get(str(read["image_of_xray"])).headers["content-type"] == "image/jpeg"
    other = patient.upload("/scans", {"file": PNG}).data
    listed = patient.get(f"/api/xrays/{own_id(patient)}").json
    assert [xray["id"] for xray in listed] == [patient.get(f"/scans/{other['scan_id']}").data["id"], row["id"]]
    assert listed[1] == read
    assert listed[0]["name_of_xray"] is None, "nothing is invented"


def test_an_image_may_go_straight_to_s3(patient: ApiClient) -> None:
    reply = patient.post("/api/xrays", {**SAID, "content_type": "application/dicom"})
    assert reply.status == 201
    assert {"url", "fields"} == set(reply.json["upload"])
    assert reply.json["upload"]["fields"]["Content-Type"] == "application/dicom"
    assert patient.get(f"/api/unique_xray/{reply.json['id']}").json["status"] == "PENDING"


@pytest.mark.parametrize(
    ("files", "fields", "broken"),
    [
        ({}, SAID, "image_of_xray"),
        ({"file": PNG}, SAID, "image_of_xray"),
        ({"image_of_xray": b"GIF89a"}, SAID, "image_of_xray"),
        ({"image_of_xray": PNG}, {}, "name_of_xray"),
        ({"image_of_xray": PNG}, {**SAID, "status": "COMPLETED"}, "status"),
        ({"image_of_xray": PNG}, {**SAID, "result_of_xray": "clear"}, "result_of_xray"),
    ],
)
def test_an_xray_upload_names_fields_that_are_missing_or_not_settable(
    patient: ApiClient, files: dict[str, bytes], fields: dict[str, str], broken: str
) -> None:
    reply = patient.upload("/api/xrays", files, fields)
    assert (reply.status, list(reply.json)) == (400, [broken])
    assert patient.get(f"/api/xrays/{own_id(patient)}").json == []


def test_a_doctors_reading_is_kept_beside_the_models(api: ApiClient, patient: ApiClient, row: Row) -> None:
    analyse({"scan_id": str(row["id"]), "task_id": str(row["task_id"])})
    before = patient.get(f"/api/unique_xray/{row['id']}").json
    path, body = f"/api/unique_xray/{row['id']}", b'{"result_of_xray": "consolidation, right lower zone"}'
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    assert doctor.send("PUT", path, body, "application/json").status == 404
    let_in(patient, doctor)
    written = doctor.send("PUT", path, body, "application/json")
    assert written.status == 200
    after = patient.get(path).json
    assert after["result_of_xray"] == "consolidation, right lower zone"
    assert (after["doctor_id"], after["analysis"]) == (own_id(doctor), before["analysis"])
    assert after["updated_at"] > before["updated_at"]


def test_an_earlier_xray_reading_is_kept_and_labs_see_images_alone(
    api: ApiClient, patient: ApiClient, row: Row
) -> None:
    chief = sign_in_administrator(api)
    doctor, lab = professional(api, "DOCTOR", chief), professional(api, "LAB", chief)
    let_in(patient, doctor)
    let_in(patient, lab)
    path = f"/api/unique_xray/{row['id']}"
    for text in ("first", "second"):
        doctor.put(path, {"result_of_xray": text})
    assert [reading["result_of_xray"] for reading in patient.get(f"{path}/readings").json] == ["second", "first"]
    assert lab.get(path).json["result_of_xray"] is None
    assert lab.get(f"/api/xrays/{own_id(patient)}").json[0]["result_of_xray"] is None
    assert lab.get(f"{path}/readings").status == 403


def test_a_doctors_reading_at_upload_is_the_xrays_first_reading(api: ApiClient, patient: ApiClient) -> None:
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    let_in(patient, doctor)
    fields = {**SAID, "user_id": str(own_id(patient)), "result_of_xray": "at the upload"}
    made = doctor.upload("/api/xrays", {"image_of_xray": PNG}, fields)
    assert made.status == 201, made.json
    path = f"/api/unique_xray/{made.json['id']}"
    doctor.put(path, {"result_of_xray": "later"})
    assert [reading["result_of_xray"] for reading in patient.get(f"{path}/readings").json] == ["later", "at the upload"]


def test_an_image_and_a_way_around_it_are_too_much(patient: ApiClient) -> None:
    fields = {**SAID, "content_type": "image/png"}
    assert list(patient.upload("/api/xrays", {"image_of_xray": PNG}, fields).json) == ["image_of_xray"]


def test_an_xray_reading_by_anybody_but_a_doctor_is_refused(api: ApiClient, patient: ApiClient, row: Row) -> None:
    path, body = f"/api/unique_xray/{row['id']}", b'{"result_of_xray": "clear"}'
    chief = sign_in_administrator(api)
    lab = professional(api, "LAB", chief)
    let_in(patient, lab)
    waiting = professional(api, "DOCTOR")
    let_in(patient, waiting)
    for client in (patient, lab, chief, waiting):
        assert client.send("PUT", path, body, "application/json").status == 403
    assert patient.get(path).json["result_of_xray"] is None


def test_a_doctor_uploads_for_a_patient_with_a_reading(api: ApiClient, patient: ApiClient) -> None:
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    fields = {**SAID, "user_id": str(own_id(patient)), "result_of_xray": "clear"}
    assert doctor.upload("/api/xrays", {"image_of_xray": PNG}, fields).status == 404
    let_in(patient, doctor)
    made = doctor.upload("/api/xrays", {"image_of_xray": PNG}, fields).json
    assert (made["result_of_xray"], made["user_id"]) == ("clear", own_id(patient))


@pytest.mark.parametrize("straight", [False, True], ids=["form", "straight-to-s3"])
def test_a_patient_is_named_by_either_name_and_either_spelling(
    api: ApiClient, patient: ApiClient, straight: bool
) -> None:
    doctor, whose = professional(api, "DOCTOR", sign_in_administrator(api)), own_id(patient)
    let_in(patient, doctor)

    def upload(named: dict[str, str]) -> Reply:
        if straight:
            return doctor.post("/api/xrays", {**SAID, **named, "content_type": "image/png"})
        return doctor.upload("/api/xrays", {"image_of_xray": PNG}, {**SAID, **named})

    spelled = str(to_uuid(whose))
    for named in ({"patient_id": str(whose)}, {"patient_id": spelled, "user_id": str(whose)}):
        made = upload(named)
        assert (made.status, made.json["user_id"]) == (201, whose)
    refused = upload({"patient_id": str(own_id(doctor)), "user_id": spelled})
    assert (refused.status, refused.json) == (400, {"patient_id": ["This is not whom user_id names."]})
    assert upload({"patient_id": "nobody", "user_id": spelled}).status == 404
    assert len(patient.get(f"/api/xrays/{whose}").json) == 2


def test_xrays_of_a_stranger_are_missing(api: ApiClient, patient: ApiClient, row: Row) -> None:
    other = sign_in(api, "other@example.org")
    for path in (f"/api/xrays/{own_id(patient)}", f"/api/unique_xray/{row['id']}", "/api/xrays/1"):
        reply = other.get(path)
        assert (reply.status, reply.json) == (404, {"error": "Not found"})
