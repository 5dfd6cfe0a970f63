"""Friendly and expert analyses, and treatment suggestions, as contract B shows them."""

import pytest

from scanward import clock
from scanward.domain import tasks
from scanward.domain.ids import parse_id
from scanward.domain.results import DISCLAIMER, FOREIGN, MEANINGS, REFERENCE, AnalysisResult, Finding, ModelVersion
from scanward.stores.scans import ScanStore
from scanward.treatment.suggestions import disclaimer
from tests.support import networks
from tests.support.client import ApiClient
from tests.support.cloud import ROOT
from tests.support.links import let_in
from tests.support.people import own_id, professional, sign_in, sign_in_administrator
from tests.support.scans import analyse

EFFUSION = (ROOT / "samples" / "consolidation-1.png").read_bytes()
CLEAR = (ROOT / "samples" / "clear-1.png").read_bytes()


def order_of(data: dict[str, str]) -> object:
    task = ScanStore("ScansTable").task(parse_id(data["task_id"]))
    assert task
    return task.order


def result(client: ApiClient, data: dict[str, str]) -> dict[str, object]:
    analyse(data)
    said: dict[str, object] = client.get(f"/tasks/status/{data['task_id']}").data["result"]["data"]
    return said


def test_a_friendly_analysis_speaks_to_a_patient(patient: ApiClient) -> None:
    data = patient.upload("/xray/friendly-analysis", {"file": EFFUSION}).data
    assert data["estimated_time"].endswith("seconds")
    said = result(patient, data)
    friendly = said["friendly"]
    assert isinstance(friendly, dict)
    assert {"summary", "findings", "next_steps", "notice"} <= set(friendly)
    assert "expert" not in said
    assert said["notice"] == DISCLAIMER


@pytest.mark.parametrize(("given", "shown"), [("true", True), ("false", False), (None, True)])
def test_a_friendly_analysis_comes_with_suggestions_unless_they_are_not_wanted(
    patient: ApiClient, given: str | None, shown: bool
) -> None:
    fields = {"include_suggestions": given} if given else {}
    friendly = result(patient, patient.upload("/xray/friendly-analysis", {"file": EFFUSION}, fields).data)["friendly"]
    assert isinstance(friendly, dict)
    assert ("suggestions" in friendly) is shown
    if shown:
        assert all(suggestion["sources"] for suggestion in friendly["suggestions"])


def test_an_expert_analysis_speaks_to_a_radiologist(patient: ApiClient) -> None:
    fields = {"additional_notes": "cough for a week", "priority": "HIGH"}
    data = patient.upload("/xray/expert-analysis", {"file": EFFUSION}, fields).data
    assert data["priority"] == "HIGH"
    said = result(patient, data)
    expert = said["expert"]
    assert isinstance(expert, dict)
    assert "cough for a week" in str(expert)
    model, scores = said["model"], said["findings"]
    assert isinstance(model, dict)
    assert isinstance(scores, list)
    assert model["sha256"] in str(expert)
    assert len(expert["findings"]) == len(scores)
    assert "friendly" not in said


@pytest.mark.parametrize("route", ["friendly", "expert"])
def test_an_analysis_of_one_report_style_is_not_ordered_by_the_route_of_the_other(
    patient: ApiClient, route: str
) -> None:
    other = {"friendly": "expert", "expert": "friendly"}[route]
    assert patient.upload(f"/xray/{route}-analysis", {"file": CLEAR}, {"analysis": other}).status == 422
    assert patient.upload(f"/xray/{route}-analysis", {}).status == 422


@pytest.fixture
def finished(patient: ApiClient) -> dict[str, str]:
    data: dict[str, str] = patient.upload("/scans", {"file": EFFUSION}).data
    analyse(data)
    return data


def ask(client: ApiClient, task: str, **more: object) -> dict[str, object]:
    body = {"symptoms": "fever and cough", "patient_age": 70, "patient_gender": "FEMALE", **more}
    reply = client.post("/xray/suggest-treatment", {"analysis_task_id": task, **body})
    assert reply.status == 200, reply.body
    data: dict[str, object] = reply.data
    return data


def test_suggestions_name_each_finding_with_its_score_and_its_sources(
    patient: ApiClient, finished: dict[str, str]
) -> None:
    scan = patient.get(f"/scans/{finished['scan_id']}").data["result"]
    data = ask(patient, finished["task_id"])
    suggestions = data["suggestions"]
    assert isinstance(suggestions, list)
    assert len(suggestions) == len(scan["pathologies"]) > 0
    for suggestion in suggestions:
        assert {"condition", "confidence", "treatment", "precautions"} <= set(suggestion)
        assert suggestion["confidence"] in {finding["score"] for finding in scan["findings"]}
        assert all(source["title"] and source["year"] for source in suggestion["sources"])
    told = "The image was read by a reference model trained on synthetic phantoms; not for clinical use."
    assert data["disclaimer"] == disclaimer(told)


def test_a_clinics_own_model_is_told_of_as_its_card_says(patient: ApiClient) -> None:
    data, scans = patient.upload("/scans", {"file": CLEAR}).data, ScanStore("ScansTable")
    task = scans.task(parse_id(data["task_id"]))
    assert task
    held = scans.write_transition(task, tasks.claim(task, "a worker", None, clock.now()))
    model = ModelVersion(
        name="knee",
        version="1.0.0",
        sha256="ab" * 32,
        preprocessing="crop/1",
        disclaimer="trained on films of this clinic",
    )
    scans.write_transition(held, tasks.complete(held, AnalysisResult((), model, {}, {}).to_dict(), clock.now()))
    told = str(ask(patient, data["task_id"])["disclaimer"])
    assert "Trained on films of this clinic." in told
    assert "phantoms" not in told


@pytest.mark.parametrize("flag", sorted(FOREIGN))
def test_foreign_picture_has_no_suggestions_and_says_why(patient: ApiClient, flag: str) -> None:
    data, scans = patient.upload("/scans", {"file": CLEAR}).data, ScanStore("ScansTable")
    task = scans.task(parse_id(data["task_id"]))
    assert task
    held = scans.write_transition(task, tasks.claim(task, "a worker", None, clock.now()))
    finding = Finding(label="effusion", title="Pleural effusion", score=0.9, operating_point=0.4, found=True)
    model = ModelVersion(name="chest_xray", version="1", sha256="ab" * 32, preprocessing="pad/1", disclaimer=REFERENCE)
    result = AnalysisResult((finding,), model, image={}, timings={}, warnings=(flag,))
    assert result.confidence == 0
    scans.write_transition(held, tasks.complete(held, result.to_dict(), clock.now()))
    advice = ask(patient, data["task_id"])
    assert advice["suggestions"] == []
    assert MEANINGS[flag] in str(advice["reason"])
    assert advice["disclaimer"] == disclaimer(None)


def test_suggestions_for_a_clinics_own_model_are_what_its_folder_said_when_it_read(patient: ApiClient) -> None:
    data = patient.upload("/scans", {"file": CLEAR}).data
    scans = ScanStore("ScansTable")
    task = scans.task(parse_id(data["task_id"]))
    assert task
    held = scans.write_transition(task, tasks.claim(task, "a worker", None, clock.now()))
    model = ModelVersion("quarters", "1.0.0", "ab" * 32, "crop/1", disclaimer="trained on films of this clinic")
    findings = (Finding("bottom_left", "Bottom left", 0.8, 0.5, found=True),)
    payload = AnalysisResult(findings, model, {}, {}).to_dict() | {"knowledge": networks.knowledge()}
    scans.write_transition(held, tasks.complete(held, payload, clock.now()))
    body = {"analysis_task_id": data["task_id"], "patient_age": 5}
    [suggestion] = patient.post("/xray/suggest-treatment", body).data["suggestions"]
    assert suggestion["condition"] == "Bright patch, possible"
    assert suggestion["precautions"].endswith("Children are seen by a specialist for children.")
    assert suggestion["sources"][0]["identifier"] == "SQ 1"
    shown = [
        patient.get(f"/tasks/status/{data['task_id']}").data["result"]["data"],
        patient.get(f"/scans/{data['scan_id']}").data["result"],
    ]
    assert all(result["pathologies"] == ["bottom_left"] and "knowledge" not in result for result in shown)


def test_suggestions_guess_nothing_that_is_not_said_of_the_person(patient: ApiClient, finished: dict[str, str]) -> None:
    reply = patient.post("/xray/suggest-treatment", {"analysis_task_id": finished["task_token"]})
    assert reply.status == 200
    assert reply.data["suggestions"]


def test_an_analysis_that_is_not_finished_has_no_suggestions(patient: ApiClient) -> None:
    data = patient.upload("/scans", {"file": CLEAR}).data
    body = {"analysis_task_id": data["task_id"]}
    assert patient.post("/xray/suggest-treatment", body).status == 409
    patient.post(f"/tasks/cancel/{data['task_id']}")
    called_off = patient.post("/xray/suggest-treatment", body)
    assert (called_off.status, called_off.json["error"]["details"]) == (409, {"status": "CANCELLED"})


@pytest.mark.parametrize(
    ("field", "value"),
    [("patient_age", -1), ("patient_age", 151), ("patient_age", "70"), ("symptoms", "x" * 4001), ("diagnosis", "x")],
)
def test_a_suggestion_request_names_values_that_cannot_be(
    patient: ApiClient, finished: dict[str, str], field: str, value: object
) -> None:
    reply = patient.post("/xray/suggest-treatment", {"analysis_task_id": finished["task_id"], field: value})
    assert (reply.status, list(reply.json["error"]["details"])) == (422, [field])


def test_suggestions_are_for_who_may_see_the_analysis(
    api: ApiClient, patient: ApiClient, finished: dict[str, str]
) -> None:
    body = {"analysis_task_id": finished["task_id"]}
    assert sign_in(api, "other@example.org").post("/xray/suggest-treatment", body).status == 404
    doctor = professional(api, "DOCTOR", sign_in_administrator(api))
    assert doctor.post("/xray/suggest-treatment", body).status == 404
    let_in(patient, doctor)
    assert doctor.post("/xray/suggest-treatment", body).status == 200
    assert own_id(doctor) != own_id(patient)
