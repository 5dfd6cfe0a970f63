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
