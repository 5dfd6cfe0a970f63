"""The bundled samples: what was drawn is found, and the heat lies on it."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.image import ImageFacts
from imaging.model import Model, load_model
from imaging.renderings import heatmap, preview

SAMPLES = Path(__file__).parents[3] / "samples"
TRUTH: dict[str, dict[str, list[float]]] = json.loads((SAMPLES / "truth.json").read_text())
SLICES: dict[str, dict[str, Any]] = json.loads((SAMPLES / "slices" / "truth.json").read_text())


def test_there_are_samples_of_each_format_and_kind() -> None:
    assert {Path(name).suffix for name in TRUTH} == {".png", ".jpg", ".dcm"}
    assert all((SAMPLES / name).stat().st_size < 250_000 for name in TRUTH)
    assert sum((SAMPLES / name).stat().st_size for name in TRUTH) < 4_000_000


@pytest.mark.parametrize("name", TRUTH)
def test_the_findings_are_those_that_were_drawn(name: str, model: Model) -> None:
    analysis = analyse(decode((SAMPLES / name).read_bytes()), model)
    assert {finding.label for finding in analysis.positive} == set(TRUTH[name])
    assert set(analysis.grids) == set(TRUTH[name])


@pytest.mark.parametrize("name", [name for name, boxes in TRUTH.items() if boxes])
def test_the_heat_is_greatest_inside_the_findings_box(name: str, model: Model) -> None:
    analysis = analyse(decode((SAMPLES / name).read_bytes()), model)
    for label, (left, top, right, bottom) in TRUTH[name].items():
        heat = spread_heat(analysis.grids[label], analysis.placement, 500, 500)
        row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
        assert left <= column / 500 <= right, label
        assert top <= row / 500 <= bottom, label


def test_the_overlays_colour_lies_on_the_nodule(model: Model) -> None:
    picture = decode((SAMPLES / "nodule-1.png").read_bytes())
    overlay = np.asarray(Image.open(io.BytesIO(heatmap(picture, analyse(picture, model)))).convert("RGB"), int)
    coloured = overlay.max(axis=2) - overlay.min(axis=2) > 60
    left, top, right, bottom = (int(end * 512) for end in TRUTH["nodule-1.png"]["nodule"])
    assert coloured[top:bottom, left:right].any()
    assert coloured.sum() < 0.03 * coloured.size


def test_clear_lungs_get_no_heat(model: Model) -> None:
    picture = decode((SAMPLES / "clear-1.png").read_bytes())
    overlay = np.asarray(Image.open(io.BytesIO(heatmap(picture, analyse(picture, model)))).convert("RGB"))
    assert (overlay.max(axis=2) == overlay.min(axis=2)).all()


@pytest.mark.parametrize("name", TRUTH)
def test_preview_and_overlay_are_of_one_size(name: str, model: Model) -> None:
    picture = decode((SAMPLES / name).read_bytes())
    shown = Image.open(io.BytesIO(preview(picture)))
    overlay = Image.open(io.BytesIO(heatmap(picture, analyse(picture, model))))
    assert (shown.format, overlay.format) == ("JPEG", "PNG")
    assert shown.size == overlay.size == picture.pixels.shape[::-1]


def test_there_is_a_slice_of_each_label_and_one_in_dicom_for_each_model(models: Path) -> None:
    for name in ("chest_cancer", "brain_tumor", "kidney_stone"):
        told = {file: truth["label"] for file, truth in SLICES.items() if truth["model"] == name}
        assert set(told.values()) == {label.id for label in load_model(models / name, 1).card.labels}
        assert [Path(file).suffix for file in told].count(".dcm") == 1
    assert all((SAMPLES / "slices" / name).stat().st_size < 250_000 for name in SLICES)
    assert sum((SAMPLES / "slices" / name).stat().st_size for name in SLICES) < 1_500_000


@pytest.mark.parametrize("name", SLICES)
def test_the_label_that_was_drawn_is_chosen_and_the_heat_lies_on_it(name: str, models: Path) -> None:
    truth = SLICES[name]
    analysis = analyse(decode((SAMPLES / "slices" / name).read_bytes()), load_model(models / truth["model"], 1))
    assert analysis.choice == truth["label"]
    assert set(analysis.grids) == set(truth["boxes"])
    for label, (left, top, right, bottom) in truth["boxes"].items():
        heat = spread_heat(analysis.grids[label], analysis.placement, 500, 500)
        row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
        assert left <= column / 500 <= right
        assert top <= row / 500 <= bottom


@pytest.mark.parametrize("name", [name for name in SLICES if name.endswith(".dcm")])
def test_a_slice_in_dicom_says_what_it_is_and_of_whom_it_is_not(name: str, models: Path) -> None:
    data = (SAMPLES / "slices" / name).read_bytes()
    facts: ImageFacts = decode(data).facts
    accepts = load_model(models / SLICES[name]["model"], 1).card.accepts
    assert facts.modality in accepts.modalities
    assert facts.body_part in accepts.body_parts
    assert b"PHANTOM^" in data
