"""Small ONNX networks whose answers can be worked out by hand, and cards for them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 32
LABELS = ("top_left", "top_right", "bottom_left", "bottom_right")
GAIN = 12.0
"""The logit of a label whose quarter is white."""


def quarters(*, channels: int = 1, last: bool = False, batch: int | str = "n", opset: int = 18) -> bytes:
    """Return a label's logit is the mean brightness of its quarter, times `GAIN`, less half of that."""
    planes = (SIDE, SIDE, channels) if last else (channels, SIDE, SIDE)
    weights = np.zeros((len(LABELS), *planes), np.float32)
    half = SIDE // 2
    for i in range(len(LABELS)):
        rows, columns = slice(i // 2 * half, (i // 2 + 1) * half), slice(i % 2 * half, (i % 2 + 1) * half)
        box = (i, rows, columns) if last else (i, slice(None), rows, columns)
        weights[box] = GAIN / (half * half * channels)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["scores"], transB=1),
    ]
    initialisers = {"weights": weights.reshape(len(LABELS), -1), "bias": np.full(len(LABELS), -GAIN / 2, np.float32)}
    return graph(
        nodes=nodes, initialisers=initialisers, taken=(batch, *planes), given=(batch, len(LABELS)), opset=opset
    )


def graph(
    nodes: list[Any], initialisers: dict[str, Any], taken: tuple[Any, ...], given: tuple[Any, ...], opset: int = 18
) -> bytes:
    """Return a graph from `image` to `scores`."""
    made = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, taken)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, given)],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in initialisers.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def card(name: str, network: bytes, **changes: Any) -> dict[str, Any]:
    """Return a card for `quarters`: one of four, of which the first says that there is nothing.

    `changes` are merged in.
    """
    document: dict[str, Any] = {
        "name": name,
        "version": "1.0.0",
        "title": "Quarters",
        "notice": "a network of tests",
        "licence": "Apache-2.0",
        "sha256": hashlib.sha256(network).hexdigest(),
        "opset": 18,
        "input": {"node": "image", "channels": 1, "height": SIDE, "width": SIDE, "range": [0, 1]},
        "preprocessing": {"name": "stretch", "version": "1", "resize": "stretch"},
        "output": {"scores": "scores", "decision": "one"},
        "labels": [
            {"id": label, "title": label.replace("_", " ").capitalize(), "operating_point": 0.4, "finding": i > 0}
            for i, label in enumerate(LABELS)
        ],
        "calibration": {"temperature": 1.0},
        "accepts": {"modalities": ["CT"], "body_parts": ["CHEST"], "scan_types": ["CT"]},
    }
    for key, value in changes.items():
        document[key] = {**document[key], **value} if isinstance(document.get(key), dict) else value
    return document


def words() -> dict[str, Any]:
    """Return words for the labels of `card`."""
    found = {
        label: {
            "title": f"a bright patch at the {label.replace('_', ' ')}",
            "explanation": "The picture may show a bright patch. Most are harmless. A doctor can tell you more.",
            "step": "See your doctor in the next days.",
            "expert": "Brightness above that of the other quarters; no differential is implied.",
        }
        for label in LABELS
    }
    return {"urgent": "Get help at once if you feel very ill.", "labels": found}


def knowledge() -> dict[str, Any]:
    """Return suggestions for two labels of `card`, and what they rest on."""
    source = {
        "title": "Guideline on bright patches",
        "publisher": "Society of Quarters",
        "year": 2020,
        "identifier": "SQ 1",
        "url": "https://example.org/sq1",
    }
    entry = {
        "condition": "Bright patch, possible",
        "treatment": ["Clinicians consider another look in some weeks."],
        "red_flags": ["Get emergency help if the patch grows fast."],
        "adjusted": [{"when": {"age": "child"}, "precautions": ["Children are seen by a specialist for children."]}],
        "sources": ["sq-1"],
    }
    return {"sources": {"sq-1": source}, "labels": {label: dict(entry) for label in LABELS[2:]}}


def pin(document: dict[str, Any], **texts: dict[str, Any]) -> dict[str, bytes]:
    """Let a card pin texts; return the files by name."""
    files = {f"{name}.json": json.dumps(text).encode() for name, text in texts.items()}
    document |= {f"{name}_sha256": hashlib.sha256(files[f"{name}.json"]).hexdigest() for name in texts}
    return files


def write(folder: Path, document: dict[str, Any], network: bytes) -> Path:
    """Return the model's own folder in `folder`."""
    home = folder / str(document["name"])
    home.mkdir(parents=True)
    (home / "card.json").write_text(json.dumps(document))
    (home / "model.onnx").write_bytes(network)
    return home


def shown(quarter: int, side: int = 64) -> Any:
    """Pixels of which one quarter is white, on a dark ground."""
    pixels = np.full((side, side), 20, np.uint8)
    half = side // 2
    pixels[quarter // 2 * half :, quarter % 2 * half :][:half, :half] = 255
    return pixels
