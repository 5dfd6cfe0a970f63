"""Drawn shapes on even and on black ground, and a small network that was fitted to them: where is what it finds?"""

import hashlib
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.model import Model
from tests.support import networks
from tests.support.images import png

SIDE = 64
LABELS = ("nothing", "disc", "stripes")
Pixels = NDArray[np.uint8]


def draw(kind: int, seed: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """Return an image of 2 x `SIDE` pixels a side with a shape in its lighter part, and where the shape is."""
    rng, size = np.random.default_rng([kind, seed]), 2 * SIDE
    edge, side = int(rng.integers(size // 6, size // 3)), int(rng.integers(5))
    pixels = rng.normal(90, 6, (size, size))
    row, column = rng.integers(edge + 20, size - edge - 20, 2)
    down, across = np.mgrid[:size, :size] - np.array([row, column])[:, None, None]
    radius = rng.integers(14, 20)
    disc, square = down**2 + across**2 < radius**2, np.maximum(abs(down), abs(across)) < radius
    mask = (np.zeros_like(disc), disc, square)[kind]
    light = 90 + 60 * np.sin(down * 0.8) if kind == 2 else np.full(pixels.shape, rng.uniform(140, 200))
    pixels[mask] = (light + rng.normal(0, 6, pixels.shape))[mask]
    for turn in range(side):  # black as beside a collimated film, on none of the sides or on all
        np.rot90(pixels, turn)[:edge] = 0
    return np.clip(pixels, 0, 255).astype(np.uint8), mask


def _backbone(last: bool) -> tuple[list[Any], dict[str, Any]]:
    """Return nodes from `image` to `features`, 32 maps of 14 x 14: mixtures of light and of lines."""
    rng = np.random.default_rng(5)
    waves = np.sin(1.6 * np.arange(5)[:, None] + np.arange(4)[:, None, None, None] * np.pi / 2) / 10 + np.zeros(
        (4, 1, 5, 5)
    )
    light, lines = np.full((8, 1, 5, 5), 1 / 25), np.concatenate([waves, rng.normal(size=(4, 1, 5, 5)) / 3])
    lines -= lines.mean(axis=(2, 3), keepdims=True)
    filters = {
        "first": np.concatenate([light, lines]),
        "darkness": np.concatenate([-np.linspace(0, 0.7, 8), np.full(8, -0.2)]),
        "second": rng.normal(size=(32, 16, 3, 3)) / 6,
        "dullness": rng.uniform(-0.2, 0, 32),
    }
    nodes = [
        helper.make_node("Conv", ["planes", "first", "darkness"], ["edges"], strides=[2, 2]),
        helper.make_node("Relu", ["edges"], ["lines"]),
        helper.make_node("Conv", ["lines", "second", "dullness"], ["parts"], strides=[2, 2]),
        helper.make_node("Relu", ["parts"], ["features"]),
    ]
    turn = helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2])
    nodes.insert(0, turn if last else helper.make_node("Identity", ["image"], ["planes"]))
    return nodes, {name: values.astype(np.float32) for name, values in filters.items()}


def pooled(nodes: list[Any], constants: dict[str, Any], *, last: bool = False, labels: int = len(LABELS)) -> bytes:
    """Return a graph of the features and of what follows them, from `features` to `scores`."""
    first_nodes, first_constants = _backbone(last)
    planes = (SIDE, SIDE, 1) if last else (1, SIDE, SIDE)
    return networks.graph([*first_nodes, *nodes], first_constants | constants, ("n", *planes), ("n", labels))


POOL = (helper.make_node("GlobalAveragePool", ["features"], ["mean"]), helper.make_node("Flatten", ["mean"], ["flat"]))


@cache
def fitted_layer() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights, labels x features, and bias of the linear layer, by logistic regression on 450 drawings."""
    kinds = np.arange(450) % 3
    images = np.stack([prepare_pixels(draw(int(kind), 1000 + i)[0]) for i, kind in enumerate(kinds)])[:, None]
    session = onnxruntime.InferenceSession(
        pooled([*POOL, helper.make_node("Identity", ["flat"], ["scores"])], {}, labels=32)
    )
    [means] = session.run(None, {"image": images})
    centre, spread = means.mean(axis=0), means.std(axis=0) + 1e-6
    inputs, truth = (means - centre) / spread, np.eye(3)[kinds]
    weights, bias = np.zeros((32, 3)), np.zeros(3)
    for _ in range(1500):
        powers = np.exp(inputs @ weights + bias)
        slope = powers / powers.sum(axis=1, keepdims=True) - truth
        weights -= 0.5 * (inputs.T @ slope / len(kinds) + 1e-3 * weights)
        bias -= 0.5 * slope.mean(axis=0)
    scaled = weights / spread[:, None]
    return scaled.T.astype(np.float32), (bias - centre @ scaled).astype(np.float32)


def prepare_pixels(pixels: Pixels) -> NDArray[np.float32]:
    """Return 0 to 1, at half the size."""
    return np.asarray(pixels.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)) / 255, np.float32)


def network(*, last: bool = False) -> bytes:
    """Return the graph that ends in global average pooling and one linear layer."""
    weights, bias = fitted_layer()
    layer = helper.make_node("Gemm", ["flat", "weights", "bias"], ["scores"], transB=1)
    return pooled([*POOL, layer], {"weights": weights, "bias": bias}, last=last)


def card(graph: bytes, *, layout: str = "NCHW", **changes: Any) -> dict[str, Any]:
    """Return a card for a graph of this file, which chooses one label."""
    target = {"height": SIDE, "width": SIDE, "layout": layout}
    labels = [
        {"id": label, "title": label.capitalize(), "operating_point": 0.4, "finding": i > 0}
        for i, label in enumerate(LABELS)
    ]
    document = networks.card("shapes", graph, labels=labels, input=target, **changes)
    return document | {"sha256": hashlib.sha256(graph).hexdigest()}


def count_hits(model: Model, seeds: range) -> tuple[int, int]:
    """Return on how many drawings the hottest pixel lies on the shape, and how many were read rightly."""
    hits = reads = 0
    for seed in seeds:
        kind = 1 + seed % 2
        pixels, mask = draw(kind, seed)
        analysis = analyse(decode(png(pixels)), model)
        if LABELS[kind] in analysis.grids:
            heat = spread_heat(analysis.grids[LABELS[kind]], analysis.placement, *mask.shape)
            reads += 1
            hits += bool(mask[np.unravel_index(int(heat.argmax()), heat.shape)])
    return hits, reads
