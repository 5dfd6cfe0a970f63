"""Models at hand: of a folder, of an S3 prefix by pinned hash, and which of them reads what."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.inference.model_registry import ModelConfig, ModelRegistry
from imaging.card_schema import Accepts
from imaging.errors import ModelError
from imaging.image import ImageFacts
from imaging.model_card import card_of
from imaging.model_selection import select_model
from tests.support import networks
from tests.support.cloud import ROOT

NETWORK = networks.quarters()
CT_CHEST, CT_KIDNEY = {"body_parts": ["CHEST"]}, {"body_parts": ["KIDNEY", "ABDOMEN"]}
MRI = {"modalities": ["MR"], "body_parts": ["BRAIN", "HEAD"], "scan_types": ["MRI"]}
FILM = {"modalities": ["DX", "CR"], "body_parts": ["CHEST"], "scan_types": ["XRAY"], "unlabelled": True}


def accepts(said: dict[str, Any]) -> Accepts:
    return card_of(json.dumps(networks.card("any", NETWORK, accepts=said)).encode(), "any").accepts


STUDIES: dict[str, dict[str, Any]] = {"brain": MRI, "chest_ct": CT_CHEST, "film": FILM, "kidney": CT_KIDNEY}
READ = {name: accepts(said) for name, said in STUDIES.items()}


def facts(modality: str | None = None, body_part: str | None = None) -> ImageFacts:
    return ImageFacts("DICOM" if modality else "PNG", 64, 64, 8, modality=modality, body_part=body_part)


@pytest.mark.parametrize(
    ("said", "scan_type", "model", "expected"),
    [
        (facts(), None, None, "film"),
        (facts(), "XRAY", None, "film"),
        (facts(), "MRI", None, "brain"),
        (facts(), "CT", None, None),
        (facts(), "CT", "kidney", "kidney"),
        (facts(), None, "kidney", "kidney"),
        (facts(), None, "lung", None),
        (facts("DX", "CHEST"), None, None, "film"),
        (facts("DX"), None, None, None),
        (facts("DX"), "XRAY", None, "film"),
        (facts("DX", "HAND"), None, None, None),
        (facts("CT", "CHEST"), None, None, "chest_ct"),
        (facts("CT", "ABDOMEN"), None, None, "kidney"),
        (facts("CT", "ABDOMEN"), "CT", None, "kidney"),
        (facts("CT"), None, None, None),
        (facts("CT", "HEAD"), None, None, None),
        (facts("MR", "BRAIN"), None, None, "brain"),
        (facts("MR", "KNEE"), None, None, None),
        (facts("MR", "BRAIN"), "XRAY", None, None),
        (facts("MR", "BRAIN"), None, "film", None),
        (facts("US"), None, None, None),
        (facts(None, "ABDOMEN"), "CT", None, "kidney"),
    ],
)
def test_the_model_follows_what_upload_and_header_say_and_is_never_guessed(
    said: ImageFacts, scan_type: str | None, model: str | None, expected: str | None
) -> None:
    assert select_model(READ, said, scan_type=scan_type, model=model) == expected


@pytest.mark.parametrize(
    ("said", "scan_type", "expected"),
    [
        (facts(), None, "chest_xray"),
        (facts("CT", "CHEST"), None, "chest_cancer"),
        (facts("CT", "KIDNEY"), "CT", "kidney_stone"),
        (facts("CT"), "CT", None),
        (facts("CT", "HEAD"), None, None),
        (facts("MR", "HEAD"), "MRI", "brain_tumor"),
        (facts("MR", "BRAIN"), "XRAY", None),
        (facts("MR", "CHEST"), None, None),
    ],
)
def test_each_study_goes_to_the_shipped_model_for_its_organ_or_to_none(
    models: Path, said: ImageFacts, scan_type: str | None, expected: str | None
) -> None:
    chosen = ModelRegistry(models, memory_mb=1769).for_image(said, scan_type)
    assert (chosen.card.name if chosen else None) == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide two good models."""
    for name, accepts in (("kidney", CT_KIDNEY), ("chest_ct", CT_CHEST)):
        networks.write(tmp_path, networks.card(name, NETWORK, accepts=accepts), NETWORK)
    return tmp_path


def test_what_a_model_reads_is_configured_over_its_card(folder: Path) -> None:
    heads = Accepts(modalities=("CT",), body_parts=("HEAD",), scan_types=("CT",))
    models = ModelRegistry(folder, 1769, {"kidney": ModelConfig(accepts=heads)})
    chosen = models.for_image(facts("CT", "HEAD"))
    assert chosen is not None
    assert chosen.card.name == "kidney"
    assert models.for_image(facts("CT", "ABDOMEN")) is None
    assert models.for_image(facts("CT", "ABDOMEN"), model="kidney") is None


def test_a_model_is_loaded_when_it_is_needed_and_once(folder: Path) -> None:
    models = ModelRegistry(folder, memory_mb=1769)
    (folder / "chest_ct" / "model.onnx").unlink()
    model = models.for_image(facts("CT", "ABDOMEN"))
    assert model is not None
    assert model.card.name == "kidney"
    assert models.for_image(facts("CT", "ABDOMEN")) is model


def test_models_that_accept_the_same_are_told_of_once(tmp_path: Path) -> None:
    for name in ("one", "other"):
        networks.write(tmp_path, networks.card(name, NETWORK, accepts=CT_CHEST), NETWORK)
    pairs: list[tuple[str, str]] = []
    models = ModelRegistry(tmp_path, 1769, on_overlap=lambda *names: pairs.append(names))
    for _ in range(2):
        assert models.for_image(facts("CT", "CHEST")) is None
    assert pairs == [("one", "other")]


@pytest.mark.parametrize("file", ["card.json", "model.onnx"])
def test_a_corrupt_model_is_refused_by_itself(folder: Path, file: str) -> None:
    (folder / "chest_ct" / file).write_bytes(b"{}")
    models = ModelRegistry(folder, memory_mb=1769)
    with pytest.raises(ModelError):
        models.load("chest_ct")
    with pytest.raises(ModelError):
        models.for_image(facts("CT", "CHEST"), model="chest_ct")
    assert models.load("kidney").card.name == "kidney"
    assert set(models.failures) == {"chest_ct"}


def test_there_is_no_model_of_another_name(folder: Path) -> None:
    with pytest.raises(KeyError):
        ModelRegistry(folder, memory_mb=1769).load("lung")


def test_cards_are_read_without_the_libraries_that_run_models() -> None:
    script = (
        "import sys; from pathlib import Path; from functions.inference.model_registry import ModelRegistry\n"
        "assert ModelRegistry(Path(sys.argv[1]), 1769).cards; import functions.inference.routes\n"
        "print(sorted({'numpy', 'onnxruntime', 'PIL', 'pydicom'} & set(sys.modules)))"
    )
    shipped = str(ROOT / "layers" / "model" / "models")
    # S603: the interpreter that runs this test, and the script above.
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, shipped],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": ":".join(map(str, (ROOT, ROOT / "layers/core", ROOT / "layers/model")))},
    )
    assert run.stdout.strip() == "[]"


def test_a_copy_under_another_name_is_refused(folder: Path) -> None:
    shutil.copytree(folder / "kidney", folder / "liver")
    models = ModelRegistry(folder, memory_mb=1769)
    assert set(models.cards) == {"kidney", "chest_ct"}
    assert "liver" in models.failures
