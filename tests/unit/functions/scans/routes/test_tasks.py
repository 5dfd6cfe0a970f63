"""Tasks: listed, called off, and ordered again."""

import boto3
import pytest

from scanward.domain.ids import parse_id
from scanward.stores import clients
from scanward.stores.clients import s3
from tests.faults.injection import failing
from tests.support.client import ApiClient
from tests.support.cloud import ROOT
from tests.support.links import let_in, log_of
from tests.support.people import own_id, professional, sign_in, sign_in_administrator
from tests.support.scans import analyse

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()
Made = dict[str, str]


@pytest.fixture
def made(patient: ApiClient) -> Made:
    data: Made = patient.upload("/scans", {"file": PNG}).data
    return data


@pytest.fixture
def done(made: Made) -> Made:
    analyse(made)
    return made


def test_a_task_that_waits_is_called_off_as_the_document_shows(patient: ApiClient, made: Made) -> None:
    reply = patient.post(f"/tasks/cancel/{made['task_id']}")
    assert (reply.status, reply.data) == (
        200,
        {"task_id": made["task_id"], "status": "CANCELLED", "message": "Task cancelled successfully"},
    )
    assert patient.get(f"/tasks/status/{made['task_id']}").data["status"] == "CANCELLED"
    assert patient.get(f"/scans/{made['scan_id']}").data["status"] == "CANCELLED"
    assert patient.post(f"/tasks/cancel/{made['task_token']}").data == reply.data, "and it stays so"


def test_an_upload_that_has_not_come_is_called_off_and_stays_so_when_it_comes(patient: ApiClient) -> None:
    made = patient.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}).data
    assert patient.post(f"/tasks/cancel/{made['task_id']}").data["status"] == "CANCELLED"
    boto3.client("s3").put_object(Bucket="images", Key=made["upload"]["fields"]["key"], Body=PNG)
    analyse(made)
    assert patient.get(f"/tasks/status/{made['task_id']}").data["status"] == "CANCELLED"


def test_a_cancel_that_comes_too_late_is_told_what_became_of_the_task(patient: ApiClient, done: Made) -> None:
    reply = patient.post(f"/tasks/cancel/{done['task_id']}")
    assert (reply.status, reply.json["error"]["details"]) == (409, {"status": "COMPLETED"})
    assert patient.get(f"/tasks/status/{done['task_id']}").data["status"] == "COMPLETED"


def test_somebody_elses_task_is_not_to_be_called_off(api: ApiClient, patient: ApiClient, made: Made) -> None:
    other = sign_in(api, "other@example.org")
    refused, missing = (other.post(f"/tasks/cancel/{task}") for task in (made["task_id"], "123"))
    assert refused.status == missing.status == 404
    assert refused.body == missing.body
    assert patient.get(f"/tasks/status/{made['task_id']}").data["status"] == "PENDING"


def test_own_tasks_are_listed_newest_first_and_page_by_page(patient: ApiClient) -> None:
    ids = [patient.upload("/scans", {"file": PNG}).data["task_id"] for _ in range(5)]
    first = patient.get("/tasks?limit=3")
    rest = patient.get(f"/tasks?limit=3&cursor={first.json['next']}")
    assert [task["task_id"] for task in first.data + rest.data] == ids[::-1]
    assert "next" not in rest.json
    assert patient.get("/tasks").data[0] == patient.get(f"/tasks/status/{ids[-1]}").data


def test_scans_are_listed_likewise_for_who_may_see_them(api: ApiClient, patient: ApiClient) -> None:
    ids = [parse_id(patient.upload("/scans", {"file": PNG}).data["scan_id"]) for _ in range(3)]
    assert [scan["id"] for scan in patient.get("/scans/").data] == ids[::-1]
    doctor, whose = professional(api, "DOCTOR", sign_in_administrator(api)), own_id(patient)
    assert doctor.get("/scans").data == []
    assert doctor.get(f"/scans?patient_id={whose}").status == 404
    let_in(patient, doctor)
    listed = doctor.get(f"/scans?patient_id={whose}&limit=2")
    assert [scan["id"] for scan in listed.data] == ids[:0:-1]
    assert patient.get(f"/scans?cursor={listed.json['next']}").data == [patient.get(f"/scans/{ids[0]}").data]
    assert doctor.get(f"/scans?cursor={listed.json['next']}").status == 400, "a cursor is its list's own"


def test_the_next_page_is_where_the_header_says(api: ApiClient, patient: ApiClient) -> None:
    ids = [parse_id(patient.upload("/scans", {"file": PNG}).data["scan_id"]) for _ in range(3)]
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    let_in(patient, doctor)
    first = doctor.get(f"/scans?patient_id={own_id(patient)}&limit=2")
    link = first.headers["link"]
    assert link.endswith('>; rel="next"')
    rest = doctor.get("/scans" + link[1 : link.index(">")])
    assert [scan["id"] for scan in first.data + rest.data] == ids[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "status=PENDING"])
def test_a_list_that_cannot_be_is_refused(patient: ApiClient, query: str) -> None:
    assert patient.get(f"/tasks?{query}").status in {400, 422}
    assert patient.get(f"/scans?{query}").status in {400, 422}


def test_whom_a_patient_lets_out_again_finds_their_tasks_no_more(api: ApiClient, patient: ApiClient) -> None:
    lab = professional(api, "LAB", sign_in_administrator(api))
    let_in(patient, lab)
    task = lab.upload("/scans", {"file": PNG}, {"patient_id": str(own_id(patient))}).data["task_id"]
    assert [found["task_id"] for found in lab.get("/tasks").data] == [task]
    assert [found["task_id"] for found in patient.get("/tasks").data] == [task]
    link = {"pk": {"S": f"CARE#{own_id(patient)}"}, "sk": {"S": f"LINK#{own_id(lab)}"}}
    boto3.client("dynamodb").delete_item(TableName="ClinicTable", Key=link)
    assert lab.get("/tasks").data == []
    assert lab.get(f"/tasks/status/{task}").status == 404
    assert lab.post(f"/tasks/cancel/{task}").status == 404


def test_tasks_listed_through_a_broken_glass_are_logged_with_its_reason(api: ApiClient, patient: ApiClient) -> None:
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    let_in(patient, doctor)
    task = doctor.upload("/scans", {"file": PNG}, {"patient_id": str(own_id(patient))}).data["task_id"]
    assert patient.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 200
    doctor.post(f"/patients/{own_id(patient)}/break-glass", {"reason": "Unconscious at the door"})
    assert [one["task_id"] for one in doctor.get("/tasks").data] == [task]
    newest = log_of(patient)[0]
    assert (newest["action"], newest["reason"]) == ("READ_TASK", "Unconscious at the door")


def test_another_analysis_is_another_version_and_overwrites_nothing(patient: ApiClient, done: Made) -> None:
    before = patient.get(f"/scans/{done['scan_id']}").data
    again = patient.post(f"/scans/{done['scan_id']}/analyses", {"analysis": "expert", "priority": "LOW"}).data
    assert again["scan_id"] == done["scan_id"]
    assert again["task_id"] != done["task_id"]
    assert patient.get(f"/scans/{done['scan_id']}").data == before, "until it is done"
    analyse(again)
    after = patient.get(f"/scans/{done['scan_id']}").data
    assert (after["task_id"], after["result"]["expert"]["impression"] != "") == (again["task_id"], True)
    listed = patient.get(f"/scans/{done['scan_id']}/analyses").data
    assert [task["task_id"] for task in listed] == [again["task_id"], done["task_id"]]
    assert listed[1]["result"]["data"] == before["result"]
    for task in (done, again):
        assert patient.get(f"/files/heatmaps/{task['task_id']}").status == 200


def test_what_was_said_of_the_image_holds_for_the_next_analysis_too(patient: ApiClient) -> None:
    made = patient.upload("/scans", {"file": PNG}, {"scan_type": "MRI"}).data
    analyse(made)
    again = patient.send("POST", f"/scans/{made['scan_id']}/analyses").data
    analyse(again)
    scan = patient.get(f"/scans/{made['scan_id']}").data
    assert (scan["task_id"], scan["scan_type"], scan["result"]["pathologies"]) == (again["task_id"], "MRI", [])
    as_film = patient.post(f"/scans/{made['scan_id']}/analyses", {"scan_type": "XRAY"}).data
    analyse(as_film)
    assert patient.get(f"/scans/{made['scan_id']}").data["result"]["model"]["name"] == "chest_xray"


def test_another_analysis_needs_no_body_and_waits_in_the_queue_of_its_lane(patient: ApiClient, done: Made) -> None:
    again = patient.send("POST", f"/scans/{done['scan_id']}/analyses")
    assert again.status == 200
    queue = clients.sqs().get_queue_url(QueueName="medium")["QueueUrl"]
    [message] = clients.sqs().receive_message(QueueUrl=queue)["Messages"]
    assert str(parse_id(again.data["task_id"])) in message["Body"]


def test_another_analysis_that_is_cancelled_leaves_the_scan_as_it_was(patient: ApiClient, done: Made) -> None:
    before = patient.get(f"/scans/{done['scan_id']}").data
    again = patient.send("POST", f"/scans/{done['scan_id']}/analyses").data
    assert patient.post(f"/tasks/cancel/{again['task_id']}").status == 200
    assert patient.get(f"/scans/{done['scan_id']}").data == before


def test_an_earlier_analysis_that_ends_later_is_not_shown_over_a_later_one(patient: ApiClient, done: Made) -> None:
    first, second = (patient.send("POST", f"/scans/{done['scan_id']}/analyses").data for _ in range(2))
    analyse(second)
    analyse(first)
    assert patient.get(f"/scans/{done['scan_id']}").data["task_id"] == second["task_id"]
    assert patient.get(f"/tasks/status/{first['task_id']}").data["status"] == "COMPLETED"


def test_while_the_image_is_being_read_there_is_no_other_analysis(patient: ApiClient, made: Made) -> None:
    assert patient.send("POST", f"/scans/{made['scan_id']}/analyses").status == 409
    begun = patient.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}).data
    patient.post(f"/tasks/cancel/{begun['task_id']}")
    assert patient.send("POST", f"/scans/{begun['scan_id']}/analyses").status == 409, "there is no image"


def test_an_order_is_taken_once_for_its_key_though_the_queue_failed(patient: ApiClient, done: Made) -> None:
    keyed = {"Idempotency-Key": "again"}
    path = f"/scans/{done['scan_id']}/analyses"
    with failing(clients.sqs(), "sqs.SendMessage"):
        assert patient.post(path, {}, headers=keyed).status == 503
    assert patient.post(path, {}, headers=keyed).status == 409
    assert patient.post(path, {"priority": "LOW"}, headers=keyed).status == 422
    assert len(patient.get(path).data) == 2


def test_a_removed_scan_leaves_nothing(api: ApiClient, patient: ApiClient, done: Made) -> None:
    keeps = patient.upload("/scans", {"file": PNG}).data
    patient.send("POST", f"/scans/{done['scan_id']}/analyses")
    other = sign_in(api, "other@example.org")
    assert other.delete(f"/scans/{done['scan_id']}").status == 404
    assert patient.delete(f"/scans/{done['scan_id']}").status == 200
    for path in (
        f"/scans/{done['scan_id']}",
        f"/tasks/status/{done['task_id']}",
        f"/files/images/{done['scan_id']}",
        f"/scans/{done['scan_id']}/analyses",
    ):
        assert patient.get(path).status == 404
    assert [task["task_id"] for task in patient.get("/tasks").data] == [keeps["task_id"]]
    left = boto3.client("s3").list_object_versions(Bucket="images")
    assert "DeleteMarkers" not in left
    assert {item["Key"].split("/")[2] for item in left["Versions"]} == {str(parse_id(keeps["scan_id"]))}
    kept = boto3.client("dynamodb").scan(TableName="ScansTable")["Items"]
    about = [item["sk"]["S"] for item in kept if str(parse_id(done["scan_id"])) in str(item)]
    assert about == ["GONE"], "only that there was one, for what still comes for it"


def test_nothing_more_is_ordered_for_a_scan_that_is_being_removed(patient: ApiClient, done: Made) -> None:
    with failing(s3(), "s3.DeleteObjects"):
        assert patient.delete(f"/scans/{done['scan_id']}").status == 503
    assert patient.send("POST", f"/scans/{done['scan_id']}/analyses").status in {404, 409}
    assert patient.delete(f"/scans/{done['scan_id']}").status == 200
    assert patient.get("/tasks").data == []


def test_who_cares_for_a_patient_removes_nothing_of_theirs(api: ApiClient, patient: ApiClient, made: Made) -> None:
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    let_in(patient, doctor)
    assert doctor.delete(f"/scans/{made['scan_id']}").status == 403
    assert patient.get(f"/scans/{made['scan_id']}").status == 200
