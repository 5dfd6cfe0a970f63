"""What a worker says when a clinic's own model reads, from an order to the result."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.ingest import UploadedObject
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import Outcome, process
from scanward import clock
from scanward.domain import tasks
from scanward.domain.orders import Order, ReportStyle
from scanward.domain.results import NO_SUITABLE_MODEL, UNKNOWN_MODEL
from scanward.domain.scans import Scan
from scanward.treatment.suggestions import suggest
from tests.support import networks
from tests.support.images import png


@pytest.fixture
def gallbladders(inference: AnalysisDeps, tmp_path: Path) -> AnalysisDeps:
    """Provide a worker with one model, a clinic's own, that shares a label with another organ's."""
    network = networks.quarters()
    labels = [{"id": label, "title": label, "operating_point": 0.4} for label in ("none", "polyp", "sludge", "stone")]
    labels[0]["finding"] = False
    document = networks.card("gallbladder", network, notice="trained on scans of this clinic", labels=labels)
    networks.write(tmp_path, document, network)
    return replace(inference, models=ModelRegistry(tmp_path, memory_mb=1769))


def ordered(inference: AnalysisDeps, order: Order) -> dict[str, Any]:
    """Return the result of an order, of which the last label is found."""
    now = inference.now()
    task = tasks.create(id=clock.fresh_id(now), scan_id=clock.fresh_id(now), patient_id=3, now=now, order=order)
    inference.scans.add(
        Scan(
            id=task.scan_id,
            patient_id=3,
            uploaded_by=3,
            task_id=task.id,
            object_key=task.object_key,
            scan_type=None,
            status=task.status,
            created_at=now,
        ),
        task,
    )
    inference.objects.put(task.object_key, png(networks.shown(3)), "image/png")
    assert process(inference, UploadedObject(task.scan_id, task.id)) is Outcome.FINISHED
    done = inference.scans.task(task.id)
    assert done
    assert done.result
    return dict(done.result)


@pytest.fixture
def quarters(inference: AnalysisDeps, tmp_path: Path) -> AnalysisDeps:
    """Provide a worker with one model, which brings its own words and suggestions."""
    network = networks.quarters()
    document = networks.card("quarters", network)
    files = networks.pin(document, words=networks.words(), knowledge=networks.knowledge())
    home = networks.write(tmp_path, document, network)
    for name, content in files.items():
        (home / name).write_bytes(content)
    return replace(inference, models=ModelRegistry(tmp_path, memory_mb=1769))


def test_models_own_words_and_cited_suggestions_are_told_instead_of_the_packaged_ones(quarters: AnalysisDeps) -> None:
    result = ordered(quarters, Order(report_style=ReportStyle.FRIENDLY, model="quarters", include_suggestions=True))
    report = result["friendly"]
    words = networks.words()
    assert report["findings"][0]["title"] == "A bright patch at the bottom right"
    assert report["findings"][0]["explanation"] == words["labels"]["bottom_right"]["explanation"]
    assert report["next_steps"][:2] == [words["urgent"], "See your doctor in the next days."]
    [suggestion] = report["suggestions"]
    assert suggestion["condition"] == "Bright patch, possible"
    assert suggestion["sources"][0]["url"] == "https://example.org/sq1"
    assert "Children" not in suggestion["precautions"]


def test_models_own_expert_words_stand_beside_its_findings(quarters: AnalysisDeps) -> None:
    result = ordered(quarters, Order(report_style=ReportStyle.EXPERT, model="quarters"))
    descriptions = {finding["label"]: finding["description"] for finding in result["expert"]["findings"]}
    assert descriptions["bottom_right"] == networks.words()["labels"]["bottom_right"]["expert"]


def test_what_the_model_knows_of_its_findings_stays_with_the_result_for_whoever_asks_later(
    quarters: AnalysisDeps,
) -> None:
    result = ordered(quarters, Order(model="quarters"))
    assert list(result["knowledge"]["labels"]) == ["bottom_right"]
    labels_with_scores = [(finding["label"], finding["score"]) for finding in result["findings"] if finding["found"]]
    [suggestion] = suggest(labels_with_scores, None, 5, None, model="quarters", own=result["knowledge"])
    assert suggestion.precautions.endswith("Children are seen by a specialist for children.")
    assert suggest(labels_with_scores, None, 5, None, model="quarters") == []


@pytest.mark.parametrize("reading", [ReportStyle.FRIENDLY, ReportStyle.EXPERT])
def test_a_clinics_own_model_is_told_of_as_its_card_says_and_gets_no_other_organs_advice(
    gallbladders: AnalysisDeps, reading: ReportStyle
) -> None:
    said = ordered(gallbladders, Order(report_style=reading, model="gallbladder", include_suggestions=True))
    assert said["pathologies"] == ["stone"]
    assert said["notice"] == "Trained on scans of this clinic. This is not a diagnosis."
    assert said[reading.value.lower()]["notice"].endswith(said["notice"])
    assert said.get("friendly", {}).get("suggestions", []) == []
    assert not re.search("phantom|drawing|kidney", json.dumps(said, default=str))


@pytest.mark.parametrize(("model", "why"), [("gallblader", UNKNOWN_MODEL), (None, NO_SUITABLE_MODEL)])
def test_a_model_that_is_not_there_is_told_apart_from_an_organ_that_none_reads(
    gallbladders: AnalysisDeps, model: str | None, why: str
) -> None:
    said = ordered(gallbladders, Order(model=model))
    assert (said["model"], said["warnings"]) == (None, [why])
