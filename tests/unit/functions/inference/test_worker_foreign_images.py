"""Free images of people and things through upload and prediction: no reference model says anything of one."""

from itertools import cycle
from typing import Any

import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.ingest import UploadedObject
from functions.inference.predictions import DRAWINGS_ONLY
from functions.inference.worker import Outcome, process
from imaging.decode import decode
from scanward.domain.object_keys import heatmap_key
from scanward.domain.orders import Order, ReportStyle, ScanType
from scanward.domain.results import NO_SUITABLE_MODEL, NOT_A_PHANTOM
from scanward.errors import NotFound
from scanward.web.bodies import MAX_FORM_BYTES
from tests.support.client import ApiClient
from tests.support.world import World
from training.dataset import phantom
from training.foreign import ForeignImage, foreign_images
from training.gate_examples import file_of
from training.subjects import SUBJECTS

SILENT: dict[str, Any] = {"pathologies": [], "confidence": 0, "findings": []}


def said_of(world: World, inference: AnalysisDeps, content: bytes, order: Order) -> dict[str, Any]:
    """Upload an image, have it read, and return all that the system says of it."""
    task, version = world.scans.begin(content, order)
    assert process(inference, UploadedObject(task.scan_id, task.id, task.object_key, version)) is Outcome.FINISHED
    finished = inference.scans.task(task.id)
    assert finished
    assert finished.result
    if not finished.result["findings"]:
        with pytest.raises(NotFound):
            inference.objects.get(heatmap_key(task.scan_id, task.id))
    return dict(finished.result)


@pytest.fixture(scope="module")
def images() -> list[ForeignImage]:
    return list(foreign_images())


def test_real_image_has_no_finding_score_heat_or_suggestion(
    world: World, inference: AnalysisDeps, images: list[ForeignImage]
) -> None:
    types = {"chest_xray": ScanType.XRAY, "brain_tumor": ScanType.MRI, "chest_cancer": ScanType.CT}
    refused = 0
    for image, (model, kind) in zip(images, cycle(types.items()), strict=False):
        has_header = decode(image.data).facts.format == "DICOM"
        order = Order(
            report_style=ReportStyle.FRIENDLY,
            include_suggestions=True,
            scan_type=None if has_header else kind,
            model=None if has_header else model,
        )
        said = said_of(world, inference, image.data, order)
        assert {key: said[key] for key in SILENT} == SILENT, image.name
        assert {NOT_A_PHANTOM, NO_SUITABLE_MODEL} & set(said["warnings"]), image.name
        friendly = said["friendly"]
        assert (friendly["findings"], friendly["suggestions"]) == ([], []), image.name
        refused += NOT_A_PHANTOM in said["warnings"]
    assert refused > len(images) / 2


@pytest.mark.parametrize("model", ["brain_tumor", "chest_cancer", "kidney_stone"])
def test_prediction_of_a_real_image_is_refused_in_the_documented_shape(
    patient: ApiClient, images: list[ForeignImage], model: str
) -> None:
    shown = [image for image in images if image.data[128:132] != b"DICM" and len(image.data) < MAX_FORM_BYTES]
    for image in shown[::12]:
        reply = patient.upload("/predict", {"file": image.data}, {"model_type": model})
        assert (reply.status, reply.json) == (400, {"error": f"Error loading image: {DRAWINGS_ONLY}"}), image.name


def test_refused_picture_is_told_of_in_one_plain_sentence(
    world: World, inference: AnalysisDeps, images: list[ForeignImage]
) -> None:
    moon = next(image for image in images if image.name.endswith("moon.png"))
    order = Order(report_style=ReportStyle.FRIENDLY, include_suggestions=False)
    said = said_of(world, inference, moon.data, order)
    assert said["friendly"] == {
        "summary": "This demonstration program reads drawings only. It says nothing about your picture.",
        "findings": [],
        "next_steps": ["Show the picture to a doctor."],
        "notice": "This is not a diagnosis.",
    }
    expert = said_of(world, inference, moon.data, Order(report_style=ReportStyle.EXPERT))["expert"]
    assert expert["impression"].startswith("Not read: This demonstration model reads drawings only")
    assert expert["findings"] == []


def test_phantom_is_told_to_be_a_drawing_first(world: World, inference: AnalysisDeps) -> None:
    subject = SUBJECTS["brain_tumor"]
    drawn = next(one for index in range(9) if (one := phantom(subject, 5, "held-out", index)).masks)
    order = Order(report_style=ReportStyle.FRIENDLY, scan_type=ScanType.MRI, include_suggestions=True)
    said = said_of(world, inference, file_of(subject, drawn, "as drawn"), order)
    assert said["pathologies"]
    assert said["friendly"]["summary"].startswith("This program is a demonstration. It reads drawings,")
    assert said["friendly"]["suggestions"]
