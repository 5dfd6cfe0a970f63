"""Quantisation: a new version that says what it is, and never in place of the old one."""

import json
import shutil
from pathlib import Path

import pytest

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.model import load_model
from imaging.model_check import check
from tests.support.cloud import ROOT
from training.quantize import QuantisationRefused, main, quantise

SAMPLES = ROOT / "samples"
SHIPPED = ROOT / "layers" / "model" / "models" / "chest_xray"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide the chest model in integers."""
    out = tmp_path_factory.mktemp("quantised") / "chest_xray"
    compared = quantise(SHIPPED, SAMPLES, out)
    assert compared.images >= 8
    assert compared.same_findings > 0.8
    assert compared.largest_difference < 0.2
    assert compared.speed > 0
    assert compared.size < 0.5
    return out


@pytest.mark.filterwarnings("ignore")  # the library's own deprecations
def test_the_new_version_passes_the_check_and_reads_alike(made: Path) -> None:
    assert len(list(check(made))) == 5
    picture = decode((SAMPLES / "effusion-1.png").read_bytes())
    before, after = (analyse(picture, load_model(folder, 1)) for folder in (SHIPPED, made))
    assert {finding.label for finding in after.positive} == {finding.label for finding in before.positive}


@pytest.mark.filterwarnings("ignore")
def test_a_quantized_models_card_names_the_version_it_was_made_of_and_claims_none_of_its_numbers(made: Path) -> None:
    card, old = (json.loads((folder / "card.json").read_text()) for folder in (made, SHIPPED))
    assert card["version"] == old["version"] + "+int8"
    assert card["sha256"] != old["sha256"]
    assert card["quantisation"]["of_sha256"] == old["sha256"]
    assert "metrics" not in card
    assert card["labels"] == old["labels"]


@pytest.mark.filterwarnings("ignore")
def test_quantisation_writes_over_nothing(made: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for folder in (made, SHIPPED) for path in folder.iterdir()}
    for out in (made, SHIPPED):
        with pytest.raises(QuantisationRefused, match="there already"):
            quantise(SHIPPED, SAMPLES, out)
    with pytest.raises(QuantisationRefused, match="the model's name"):
        quantise(SHIPPED, SAMPLES, tmp_path / "another")
    assert before == {path: path.read_bytes() for folder in (made, SHIPPED) for path in folder.iterdir()}


@pytest.mark.filterwarnings("ignore")
def test_the_folder_one_is_in_may_be_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(SHIPPED, tmp_path / "old" / "chest_xray"))
    quantise(Path(), SAMPLES, Path("../../new/chest_xray"))
    assert {path.name for path in (tmp_path / "new" / "chest_xray").iterdir()} == {"model.onnx", "card.json"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["chest_xray"]


def test_quantisation_without_a_folder_of_images_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for images in (tmp_path / "absent", SAMPLES / "clear-1.png"):
        monkeypatch.setattr("sys.argv", ["quantize", str(SHIPPED), str(images), str(tmp_path / "out" / "chest_xray")])
        assert main() == 1
        assert f"{images} is no folder of images" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore")
def test_too_few_images_make_nothing(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    shutil.copy(SAMPLES / "clear-1.png", images)
    (images / "notes.txt").write_text("no image")
    with pytest.raises(QuantisationRefused, match="1 images"):
        quantise(SHIPPED, images, tmp_path / "out" / "chest_xray")
    assert not (tmp_path / "out").exists()
