"""A network that scikit-learn trained here on drawn shapes, brought in by the code and the cards of docs/models.md."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier

from imaging.model import load_model
from imaging.model_check import main
from tests.support import shapes
from tests.support.knee import NOT_YET, PAGE, block

CHECKED = 12
"""How many drawings scikit-learn's scores are compared on."""


def _section(title: str) -> str:
    return PAGE.partition(f"\n{title}")[2].partition("\n#")[0]


def _code(text: str, language: str) -> str:
    """Return the last block of a language in a part of the page."""
    return str(re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[-1])


def _rows(kinds: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """Return drawings as the page prepares them for scikit-learn, n x 4096."""
    rows = []
    for i, kind in enumerate(kinds):
        picture = Image.fromarray(shapes.draw(int(kind), seed + i)[0])
        values = np.asarray(picture.resize((64, 64), Image.Resampling.LANCZOS), "float32") / 255
        rows.append(((values - values.mean()) / values.std()).ravel())
    return np.stack(rows)


@pytest.fixture(scope="module")
def classifier() -> MLPClassifier:
    kinds = np.arange(900) % 2
    return MLPClassifier((48,), alpha=0.1, tol=2e-3, max_iter=500, random_state=1).fit(_rows(kinds, seed=1000), kinds)


@pytest.fixture
def folder(classifier: MLPClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the model's folder: its graph from the recipe's code, its card from the example's and the recipe's."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"onnx": onnx, "helper": helper, "TensorProto": TensorProto, "to_onnx": to_onnx}
    recipe = _section("### scikit-learn\n")
    exec(_code(recipe, "python"), names | {"classifier": classifier, "X": _rows(np.zeros(1, np.int64), seed=0)})  # noqa: S102
    folder = tmp_path / "models" / "disc"
    folder.mkdir(parents=True)
    graph = Path("model.onnx").rename(folder / "model.onnx").read_bytes()
    card = json.loads(block(2, "json").replace(NOT_YET, hashlib.sha256(graph).hexdigest())) | json.loads(
        _code(recipe, "json")
    )
    labels = [
        {"id": "nothing", "title": "No disc", "operating_point": 0.5, "finding": False},
        {"id": "disc", "title": "Disc", "operating_point": 0.5},
    ]
    accepts = {"modalities": ["DX"], "body_parts": ["KNEE"], "scan_types": []}
    card |= {"name": "disc", "labels": labels, "accepts": accepts}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def _expect(classifier: MLPClassifier, seed: int) -> dict[str, Any]:
    """Return what the page's code for scikit-learn says of a drawing, which it leaves as `one.png`."""
    Image.fromarray(shapes.draw(seed % 2, seed)[0]).save("one.png")
    compare = _section("## Does it say what it said before?").partition("\nscikit-learn:\n")[2]
    exec(_code(compare, "python"), {"np": np, "Image": Image, "json": json, "Path": Path, "classifier": classifier})  # noqa: S102
    expectation: dict[str, Any] = json.loads(Path("scores.json").read_text())["one.png"]
    return expectation


def test_scores_of_the_other_framework_are_those_of_its_exported_network(
    classifier: MLPClassifier, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = folder.parent / "films"
    images.mkdir()
    expected = {}
    for seed in range(CHECKED):
        expected[f"{seed}.png"] = _expect(classifier, seed)
        Path("one.png").rename(images / f"{seed}.png")
    (images / "scores.json").write_text(json.dumps(expected))
    assert main([str(folder), "--expect", str(images / "scores.json")]) == 0
    assert capsys.readouterr().out.count("as in scores.json") == CHECKED
    expected["3.png"]["scores"][1] += 2e-4
    (images / "scores.json").write_text(json.dumps(expected))
    assert main([str(folder), "--expect", str(images / "scores.json")]) == 1


def test_hottest_pixel_of_the_exported_network_lies_on_the_disc_in_nine_of_ten(folder: Path) -> None:
    hits, reads = shapes.count_hits(load_model(folder, 1), range(0, 80, 2))
    assert reads >= 32
    assert hits >= 0.9 * reads
