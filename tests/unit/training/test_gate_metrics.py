"""The gate of each reference model: its own phantoms pass in every form, real images and other drawings do not."""

from pathlib import Path

import pytest

import imaging
from imaging.analysis import NOT_A_PHANTOM, analyse
from imaging.decode import decode
from imaging.model import Model, load_model
from training.dataset import phantom
from training.foreign import ForeignImage, foreign_images
from training.gate_examples import FORMATS, file_of
from training.gate_metrics import drawings, frame
from training.subjects import SUBJECTS

MODELS = Path(imaging.__file__).parent.parent / "models"
PHANTOMS, DRAWINGS = 5, 4
SEED = 97


@pytest.fixture(scope="module", params=SUBJECTS)
def reference(request: pytest.FixtureRequest) -> Model:
    """Provide each reference model."""
    return load_model(MODELS / request.param, 1)


@pytest.fixture(scope="module")
def images() -> list[ForeignImage]:
    """Provide all free images."""
    return list(foreign_images())


def is_refused(model: Model, data: bytes) -> bool:
    analysis = analyse(decode(data), model)
    if NOT_A_PHANTOM in analysis.warnings:
        assert (analysis.findings, analysis.scores, analysis.choice, analysis.grids) == ((), {}, None, {})
        return True
    return False


@pytest.mark.parametrize("form", FORMATS)
def test_phantom_passes_its_models_gate_in_every_form(reference: Model, form: str) -> None:
    subject = SUBJECTS[reference.card.name]
    drawn = [phantom(subject, SEED, "held-out", index) for index in range(PHANTOMS)]
    assert [is_refused(reference, file_of(subject, one, form)) for one in drawn] == [False] * PHANTOMS


def test_drawing_of_another_kind_is_refused(reference: Model) -> None:
    for kind, draw in drawings(SUBJECTS[reference.card.name]).items():
        assert [is_refused(reference, draw(index)) for index in range(DRAWINGS)] == [True] * DRAWINGS, kind


def test_real_image_is_refused(reference: Model, images: list[ForeignImage]) -> None:
    assert [image.name for image in images if not is_refused(reference, image.data)] == []
    assert sum(image.is_held_out for image in images) > 50


def test_real_image_in_a_black_frame_is_refused(reference: Model, images: list[ForeignImage]) -> None:
    assert [image.name for image in images[::3] if not is_refused(reference, frame(image.data))] == []


@pytest.mark.parametrize("name", SUBJECTS)
def test_card_states_a_gate_that_errs_in_one_of_a_hundred_at_most(name: str) -> None:
    metrics = load_model(MODELS / name, 1).card.document["gate_metrics"]
    passed, count = (sum(numbers) for numbers in zip(*metrics["phantoms"].values(), strict=True))
    assert passed >= 0.99 * count
    for group in ("drawings", "images", "held_out_images", "framed_images"):
        passed, count = (sum(numbers) for numbers in zip(*metrics[group].values(), strict=True))
        assert passed <= 0.01 * count, group
