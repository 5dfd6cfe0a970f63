"""Scores of the framework that a network comes from are compared, and the step at which they part is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from PIL import Image

from imaging.decode import decode
from imaging.findings import scores_of
from imaging.model import load_model
from imaging.model_check import main
from imaging.preprocess import prepare, trace
from tests.support import networks
from tests.support.images import png

Told = pytest.CaptureFixture[str]
PIXELS = np.asarray(
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (9, 12), np.uint8)).resize((90, 60)), np.uint8
)
RECIPE = {"name": "test", "version": "1", "interpolation": "bilinear", "bit_depth": "8", "resize": "stretch"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide a folder of a model and an image."""
    (tmp_path / "one.png").write_bytes(png(PIXELS))
    return model(tmp_path, {})


def model(home: Path, changes: dict[str, Any]) -> Path:
    network = networks.quarters()
    return networks.write(home, networks.card("quarters", network, preprocessing=RECIPE | changes), network)


def expectation(folder: Path) -> dict[str, Any]:
    """Return what the model itself makes of the image: outputs, and each step."""
    one = load_model(folder, 1)
    picture = decode(png(PIXELS))
    raw = one.run(prepare(picture, one.card.input).tensor, scores_only=True)[0]
    size, steps = trace(picture, one.card.input)
    return {
        "logits": raw[0].tolist(),
        "scores": scores_of(raw, one.card)[0].tolist(),
        "shape": size,
        **{
            step: {
                "mean": float(x.mean()),
                "std": float(x.std()),
                "min": float(x.min()),
                "max": float(x.max()),
                "at": [[0, 0, float(x[0, 0, 0])], [9, 11, float(x[0, 9, 11])]],
            }
            for step, x in steps.items()
        },
    }


def run(folder: Path, expected: Any, *images: str) -> int:
    file = folder.parent / "scores.json"
    file.write_text(expected if isinstance(expected, str) else json.dumps(expected))
    return main([str(folder), *(str(folder.parent / image) for image in images), "--expect", str(file)])


@pytest.mark.parametrize("keys", [("logits",), ("scores",), ("logits", "scores"), ("scores", "shape", "resize")])
@pytest.mark.parametrize("images", [(), ("one.png",)])
def test_scores_that_agree_are_told(folder: Path, capsys: Told, keys: tuple[str, ...], images: tuple[str, ...]) -> None:
    expected = expectation(folder)
    assert run(folder, {"one.png": {key: expected[key] for key in keys}}, *images) == 0
    assert "✓ one.png: as in scores.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"resize": "pad"}, "shape: 32 x 32 after resizing, expected 21 x 32"),
        ({"interpolation": "bilinear-no-antialias"}, "resize: "),
        ({"interpolation": "area"}, "resize: "),
        ({"window_percentiles": [5, 95]}, "resize: "),
        ({"mean": [0.5], "std": [0.25]}, "normalise: mean"),
        ({"standardise": "z-score"}, "normalise: mean"),
    ],
)
def test_the_first_step_that_differs_is_told(
    folder: Path, tmp_path: Path, capsys: Told, changes: dict[str, Any], step: str
) -> None:
    expected = expectation(model(tmp_path / "other", changes))
    assert run(folder, {"one.png": expected}) == 1
    told = capsys.readouterr()
    assert f"first differs: {step}" in told.out
    assert "✗ other scores than in scores.json: one.png" in told.err


def test_a_difference_of_padding_is_one_of_range(tmp_path: Path, folder: Path, capsys: Told) -> None:
    black, grey = (model(tmp_path / str(i), {"resize": "pad", "padding": value}) for i, value in enumerate((0, 0.5)))
    (black.parent / "one.png").write_bytes(png(PIXELS))
    assert run(black, {"one.png": expectation(grey)}) == 1
    assert "first differs: range: mean" in capsys.readouterr().out


def test_a_difference_behind_the_last_step_is_one_of_the_network(folder: Path, capsys: Told) -> None:
    expected = expectation(folder)
    expected["logits"][2] += 0.001
    assert run(folder, {"one.png": expected}) == 1
    assert "resize and range and normalise agree: the difference is in the network" in capsys.readouterr().out
    del expected["normalise"]
    assert run(folder, {"one.png": expected}) == 1
    assert "resize and range agree: the difference is at `normalise`, or in the network" in capsys.readouterr().out
    assert run(folder, {"one.png": {"logits": expected["logits"]}}) == 1
    assert "which step differs is not known: give `shape`, `resize`" in capsys.readouterr().out


def test_scores_may_differ_by_a_ten_thousandth_and_no_more(folder: Path, capsys: Told) -> None:
    scores = expectation(folder)["scores"]
    for more, code in ((0.00009, 0), (0.00011, 1)):
        assert run(folder, {"one.png": {"scores": [scores[0] + more, *scores[1:]]}}) == code
    assert "✗ one.png: scores [" in capsys.readouterr().out


def test_a_label_that_was_not_trained_is_compared_with_nothing(tmp_path: Path, capsys: Told) -> None:
    (tmp_path / "one.png").write_bytes(png(PIXELS))
    network = networks.quarters()
    card = networks.card("quarters", network, preprocessing=RECIPE)
    card["labels"][3]["trained"] = False
    home = networks.write(tmp_path, card, network)
    scores = expectation(home)["scores"][:3]
    for untrained in (None, 0.5):
        assert run(home, {"one.png": {"scores": [*scores, untrained]}}) == 0
    assert run(home, {"one.png": {"scores": [*scores[:2], scores[2] + 1, None]}}) == 1
    assert ", none]" in capsys.readouterr().out


FOUR = [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("{", "scores.json is not JSON"),
        ("\xff", "scores.json is not JSON"),
        ([], "must be an object: the name of each image"),
        ({}, "must be an object: the name of each image"),
        ({"two.png": {"logits": FOUR}}, "names two.png, which is not among the images"),
        ({"../one.png": {"logits": FOUR}}, "scores.json is not valid"),
        ({"one.png": {"logits": [1, 2]}}, "has 2 numbers for one.png, the card 4 labels"),
        ({"one.png": {"logits": FOUR, "scores": [1]}}, "has 1 numbers for one.png, the card 4 labels"),
        ({"one.png": {"shape": [1, 1]}}, "one.png: Value error, `logits` or `scores` must be there"),
        ({"one.png": {"logits": FOUR, "resized": {}}}, "one.png.resized: Extra inputs are not permitted"),
        ('{"one.png": {"logits": [NaN, 0, 0, 0]}}', "one.png.logits.0"),
        ({"one.png": {"logits": FOUR, "shape": [32, 32], "resize": {"at": [[99, 0, 0]]}}}, "no row 99"),
    ],
)
def test_a_file_that_cannot_be_compared_is_told_in_plain_words(
    folder: Path, capsys: Told, expected: Any, told: str
) -> None:
    assert run(folder, expected) == 1
    said = capsys.readouterr()
    assert told in said.err + said.out
    assert "Traceback" not in said.err


def test_an_image_of_which_nothing_is_expected_is_told(folder: Path, capsys: Told) -> None:
    (folder.parent / "two.png").write_bytes(png(PIXELS))
    assert run(folder, {"one.png": {"logits": FOUR}}, "one.png", "two.png") == 1
    assert "scores.json says nothing of two.png" in capsys.readouterr().err


def test_logits_of_a_model_whose_outputs_are_scores_are_refused(tmp_path: Path, capsys: Told) -> None:
    (tmp_path / "one.png").write_bytes(png(PIXELS))
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["scores"]),
    ]
    network = networks.graph(nodes, {"weights": np.zeros((1024, 4), np.float32)}, ("n", 1, 32, 32), ("n", 4))
    home = networks.write(
        tmp_path, networks.card("quarters", network, preprocessing=RECIPE, output={"kind": "scores"}), network
    )
    assert run(home, {"one.png": {"scores": [0.25] * 4}}) == 0
    assert run(home, {"one.png": {"logits": FOUR}}) == 1
    assert "the card says that outputs are `scores`" in capsys.readouterr().err


def test_a_file_that_is_absent_or_not_named_is_told(folder: Path, capsys: Told) -> None:
    assert main([str(folder), "--expect", str(folder / "absent.json")]) == 1
    assert "absent.json" in capsys.readouterr().err
    assert main([str(folder), "--expect"]) == 2
