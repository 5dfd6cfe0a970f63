"""A DenseNet-121 of torchxrayvision answers through Scanward as through that package and PyTorch.

The reference in tests/data is what the package's own preprocessing and PyTorch gave: `make model-reference`.
Nobody trained the network: its weights are drawn again here, from the seed they were drawn from there.
"""

import hashlib
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image
from pydicom import dcmread

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.image import ImageFacts, Picture
from imaging.model import Model, load_model
from imaging.model_check import check
from imaging.preprocess import prepare
from tests.support import networks
from tests.support.cloud import ROOT
from training import files
from training.files import draw_weights
from training.samples import sample

DATA = ROOT / "tests" / "data" / "torchxrayvision"
REFERENCE: dict[str, Any] = json.loads((DATA / "reference.json").read_text())
IMAGES = sorted(REFERENCE["logits"])
CARD: dict[str, Any] = {
    "version": "1.0.0",
    "title": "DenseNet-121",
    "opset": 18,
    "input": {"node": "image", "channels": 1, "height": 224, "width": 224, "range": [-1024, 1024]},
    "preprocessing": {
        "name": "torchxrayvision",
        "version": "1",
        "values": "stored",
        "resize": "crop",
        "interpolation": "gaussian-linear",
    },
    "output": {"scores": "logits", "decision": "each"},
    "accepts": {"modalities": ["CR", "DX"], "body_parts": ["CHEST"], "scan_types": ["XRAY"]},
}


def weight(name: str, shape: tuple[int, ...]) -> Any:
    layer, _, kind = name.rpartition(".")
    if kind in ("running_mean", "running_var"):
        return np.full(shape, REFERENCE["statistics"][layer][kind == "running_var"], np.float32)
    return draw_weights(REFERENCE["seed"], name, shape)


@pytest.fixture(scope="module")
def densenet(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Provide the exported graph with its weights, and a card."""
    model = onnx.load(DATA / "graph.onnx")
    for one in model.graph.initializer:
        if not one.HasField("raw_data") and one.name.startswith(("features.", "classifier.")):
            one.CopyFrom(numpy_helper.from_array(weight(one.name, tuple(one.dims)), one.name))
    network = model.SerializeToString(deterministic=True)
    labels = [
        {"id": label.lower().replace(" ", "_"), "title": label.replace("_", " "), "operating_point": 0.5}
        for label in REFERENCE["labels"]
    ]
    document = networks.card("densenet", network) | CARD | {"labels": labels}
    folder = networks.write(tmp_path_factory.mktemp("models"), document, network)
    assert document["sha256"] == hashlib.sha256(network).hexdigest()
    assert len(list(check(folder))) == 5
    return load_model(folder, 1)


def test_the_images_are_jpeg_and_dicom_of_more_than_eight_bits() -> None:
    facts = [decode((ROOT / "samples" / name).read_bytes()).facts for name in IMAGES]
    assert {(one.format, one.bits > 8) for one in facts} == {("JPEG", False), ("DICOM", True)}
    assert {one.photometric for one in facts} >= {"MONOCHROME2"}


@pytest.mark.parametrize("name", IMAGES)
def test_the_tensor_is_the_packages_own(name: str, densenet: Model) -> None:
    tensor = prepare(decode((ROOT / "samples" / name).read_bytes()), densenet.card.input).tensor[0, 0]
    step, expected = REFERENCE["step"], np.array(REFERENCE["tensors"][name])
    # The range spans 2,048: one part in ten thousand of it.
    assert np.abs(tensor[::step, ::step] - expected).max() < 2048 * 1e-6


@pytest.mark.parametrize("name", IMAGES)
def test_the_logits_are_pytorchs_within_one_in_ten_thousand(name: str, densenet: Model) -> None:
    tensor = prepare(decode((ROOT / "samples" / name).read_bytes()), densenet.card.input).tensor
    [logits] = densenet.session.run(["logits"], {"image": tensor})
    expected = np.array(REFERENCE["logits"][name])
    assert 0.05 < np.abs(expected).max() < 50
    assert np.abs(logits[0] - expected).max() < 1e-4


@pytest.mark.parametrize("side", [1025, 2048, 3001])
@pytest.mark.parametrize("kind", ["jpeg", "dicom", "png16"])
def test_of_a_large_image_no_detail_is_lost_before_the_packages_preprocessing(
    side: int, kind: str, densenet: Model
) -> None:
    """Of these there is no reference: what is compared is all of their pixels, as Pillow and pydicom give them."""
    film = Image.fromarray(sample("effusion", 1).film).resize((side - 100, side), Image.Resampling.BICUBIC)
    noisy = np.clip(np.asarray(film) + np.random.default_rng(0).normal(0, 0.02, (side, side - 100)), 0, 1).astype(
        np.float32
    )
    data = {"jpeg": files.jpeg, "dicom": dx, "png16": deep_png}[kind](noisy)
    picture = decode(data)
    pixels, bits = (dcmread(BytesIO(data)).pixel_array, 14) if kind == "dicom" else opened(data)
    whole = Picture(pixels.astype(np.float32), 0, 1, ImageFacts("PNG", side, side - 100, bits))
    assert max(picture.pixels.shape) <= 1024
    got, expected = (
        densenet.run(prepare(one, densenet.card.input).tensor, scores_only=True)[0] for one in (picture, whole)
    )
    assert np.abs(got - expected).max() < 1e-4


def dx(film: NDArray[np.float32]) -> bytes:
    return files.dicom(film, files.DX, "large")


def deep_png(film: NDArray[np.float32]) -> bytes:
    return files.png(film, 16)


def opened(data: bytes) -> tuple[NDArray[Any], int]:
    pixels = np.asarray(Image.open(BytesIO(data)))
    return pixels, pixels.dtype.itemsize * 8


@pytest.mark.parametrize("name", IMAGES)
def test_the_scores_are_their_sigmoids(name: str, densenet: Model) -> None:
    analysis = analyse(decode((ROOT / "samples" / name).read_bytes()), densenet, with_heat=False)
    expected = 1 / (1 + np.exp(-np.array(REFERENCE["logits"][name])))
    assert np.abs(np.array(list(analysis.scores.values())) - expected).max() < 1e-4


def test_the_reference_images_do_not_all_look_alike_to_torchxrayvision() -> None:
    logits = np.array(list(REFERENCE["logits"].values()))
    assert np.ptp(logits, axis=0).max() > 0.01


def test_another_preprocessing_would_show(densenet: Model) -> None:
    picture = decode((ROOT / "samples" / IMAGES[0]).read_bytes())
    changed: list[dict[str, Any]] = [
        {"interpolation": "bilinear"},
        {"low": 0.0, "high": 1.0},
        {"values": "shown", "low": -1024.0, "high": 1020.0},
    ]
    for change in changed:
        tensor = prepare(picture, replace(densenet.card.input, **change)).tensor
        [logits] = densenet.session.run(["logits"], {"image": tensor})
        assert np.abs(logits[0] - np.array(REFERENCE["logits"][IMAGES[0]])).max() > 1e-4, change


def test_the_torchxrayvision_reference_names_the_version_of_the_package() -> None:
    assert set(REFERENCE["made_with"]) == {"torch", "torchxrayvision"}
    assert Path(DATA / "graph.onnx").stat().st_size < 200_000
