"""Heat without an activation: hiding a part of the image lowers the score that rests on it."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from imaging.analysis import HEAT_INCOMPLETE, analyse
from imaging.decode import decode
from imaging.heatmaps import _FILLS, COARSE_RUNS, Fill, _box, _smooth, compare_labels, heat_grid, occlude, spread_heat
from imaging.model import Model, load_model
from imaging.model_card import Input
from imaging.preprocess import prepare
from imaging.renderings import heatmap
from tests.support import networks, shapes
from tests.support.images import png


def model(folder: Path, *, last: bool = False, batch: int | str = "n", **changes: Any) -> Model:
    network = networks.quarters(last=last, batch=batch)
    layout = {"layout": "NHWC"} if last else {}
    return load_model(networks.write(folder, networks.card("net", network, input=layout, **changes), network), 1)


@pytest.mark.parametrize("quarter", [1, 2, 3])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("batch", ["n", 1])
def test_the_heat_lies_on_what_the_score_rests_on(tmp_path: Path, quarter: int, last: bool, batch: int | str) -> None:
    analysis = analyse(decode(png(networks.shown(quarter))), model(tmp_path, last=last, batch=batch))
    assert set(analysis.grids) == {networks.LABELS[quarter]}
    heat = spread_heat(analysis.grids[networks.LABELS[quarter]], analysis.placement, 64, 64)
    inside = heat[quarter // 2 * 32 :, quarter % 2 * 32 :][:32, :32]
    assert (heat.min(), inside.max()) == (0, heat.max()) == (0, pytest.approx(1, abs=0.05))
    assert inside.sum() > 0.55 * heat.sum()


def test_each_label_that_is_judged_by_itself_has_its_own_heat(tmp_path: Path) -> None:
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    both = np.maximum(networks.shown(0), networks.shown(3))
    analysis = analyse(decode(png(both)), model(tmp_path, output={"decision": "each"}, labels=labels))
    assert set(analysis.grids) == {"top_left", "bottom_right"}
    for label, part in (("top_left", np.s_[:32, :32]), ("bottom_right", np.s_[32:, 32:])):
        heat = spread_heat(analysis.grids[label], analysis.placement, 64, 64)
        assert heat[part].max() == heat.max()
        heat[part] = 0
        assert heat[np.s_[44:, 44:] if label == "top_left" else np.s_[:20, :20]].max() < 0.05


def prepared(quarter: int) -> NDArray[np.float32]:
    return prepare(
        decode(png(networks.shown(quarter))),
        Input(node="image", channels=1, height=32, width=32, low=0, high=1, resize="stretch"),
    ).tensor


class Counted:
    """A session that counts the images it is given, and waits as long as a busy machine would."""

    def __init__(self, session: Any, seconds: float = 0) -> None:
        self.session, self.seconds, self.images = session, seconds, 0

    def run(self, names: list[str], given: dict[str, NDArray[np.float32]]) -> Any:
        self.images += len(given["image"])
        time.sleep(self.seconds)
        return self.session.run(names, given)

    def get_inputs(self) -> Any:
        return self.session.get_inputs()


@pytest.mark.parametrize("runs", [COARSE_RUNS, 60, 150, 400])
@pytest.mark.parametrize("batch", ["n", 1])
def test_occlusion_runs_no_oftener_than_the_card_says(tmp_path: Path, runs: int, batch: int | str) -> None:
    loaded = model(tmp_path, batch=batch, output={"occlusion_runs": runs})
    counted = Counted(loaded.session)
    [grid], is_complete = occlude(replace(loaded, session=counted), prepared(1), [1])
    assert (is_complete, grid.max()) == (True, 1)
    assert 0.5 * runs < counted.images <= runs + 1  # and once with nothing hidden


def test_the_same_image_has_the_same_heat_however_slow_the_machine_is(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    slow = replace(loaded, session=Counted(loaded.session, 0.005))
    grids = [occlude(one, prepared(2), [2])[0][0] for one in (loaded, slow, loaded)]
    assert np.array_equal(grids[0], grids[1])
    assert np.array_equal(grids[0], grids[2])


def test_too_few_runs_for_the_coarsest_look_give_no_heat_and_that_is_said(tmp_path: Path) -> None:
    loaded, picture = model(tmp_path, output={"occlusion_runs": COARSE_RUNS - 1}), decode(png(networks.shown(1)))
    analysis = analyse(picture, loaded)
    assert analysis.warnings == (HEAT_INCOMPLETE,)
    assert [grid.max() for grid in analysis.grids.values()] == [0]
    assert heatmap(picture, analysis).startswith(b"\x89PNG")


def test_finding_that_no_part_of_the_image_lowers_has_no_heat_and_that_is_said(tmp_path: Path) -> None:
    analysis = analyse(decode(png(np.full((64, 64), 255, np.uint8))), uniform(tmp_path))
    assert len(analysis.positive) == 4
    assert HEAT_INCOMPLETE in analysis.warnings
    assert not any(grid.any() for grid in analysis.grids.values())


def uniform(folder: Path) -> Model:
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    return model(folder, output={"decision": "each"}, labels=labels)


def test_one_label_without_heat_takes_none_from_another(tmp_path: Path) -> None:
    ground = networks.shown(0)
    ground[:32, 32:] = 250  # even, up to the image's edge: what is around a part of it is like the part
    loaded = uniform(tmp_path)
    grids, is_complete = occlude(loaded, prepare(decode(png(ground)), loaded.card.input).tensor, [0, 3])
    assert not is_complete
    assert (grids[0].max(), grids[1].max()) == (1, 0)


@pytest.mark.parametrize(
    ("size", "side", "runs"),
    [
        (1_000_000, 224, 336),
        (1_000_000, 1024, 265),
        (28_352_504, 224, 195),
        (28_352_504, 448, 48),
        (102_000_000, 224, 54),
        (600_000_000, 224, 9),
    ],
)
def test_a_larger_graph_and_a_larger_input_are_run_less_often(tmp_path: Path, size: int, side: int, runs: int) -> None:
    """Of a DenseNet-121, 28 MB, and a ResNet-50, 102 MB, among others."""
    loaded = model(tmp_path)
    target = replace(loaded.card.input, height=side, width=side)
    assert replace(loaded, size=size, card=replace(loaded.card, input=target)).occlusion_runs == runs


def test_the_network_itself_is_measured_and_not_its_card(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    assert loaded.size == (tmp_path / "net" / "model.onnx").stat().st_size


@pytest.mark.parametrize("fill", _FILLS)
@pytest.mark.parametrize("where", [(0, 0), (0, 6), (3, 3), (6, 2), (6, 6)])
def test_hiding_a_part_of_even_ground_changes_nothing(fill: Fill, where: tuple[int, int]) -> None:
    plane = np.full((30, 43, 3), 0.3, np.float32)
    box = _box(np.array(where), 8, (30, 43))
    assert np.allclose(fill(plane, box), plane[box], atol=1e-7)
    assert fill(plane, box).shape == plane[box].shape


@pytest.mark.parametrize("fill", _FILLS)
def test_an_object_is_hidden_by_the_ground_around_it(fill: Fill) -> None:
    plane = np.full((32, 32, 1), 0.2, np.float32)
    plane[8:16, 8:16] = 0.9
    assert np.allclose(fill(plane, (slice(8, 16), slice(8, 16))), 0.2)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_an_image_of_few_pixels_is_hidden_pixel_by_pixel(side: int) -> None:
    plane = np.arange(side * 7, dtype=np.float32).reshape(side, 7, 1)
    for fill in _FILLS:
        for where in np.argwhere(np.ones((7, 7))):
            box = _box(where, 8, plane.shape[:2])
            assert fill(plane, box).shape == plane[box].shape
            assert np.isfinite(fill(plane, box)).all()


def test_the_middle_of_what_has_hot_edges_is_hotter_than_what_is_around_it() -> None:
    ring = np.zeros((1, 16, 16), np.float32)
    ring[0, 5:8, 5:8] = 1
    ring[0, 6, 6] = 0
    smooth = _smooth(ring)[0]
    assert smooth[6, 6] == smooth.max() > 2 * smooth[4, 6]
    assert smooth.sum() == pytest.approx(ring.sum())
    assert _smooth(np.ones((2, 16, 16), np.float32)) == pytest.approx(1)


@pytest.mark.parametrize("last", [False, True])
def test_the_hottest_pixel_lies_on_the_shape_in_nine_of_ten(tmp_path: Path, last: bool) -> None:
    graph = shapes.network(last=last)
    layout = {"layout": "NHWC" if last else "NCHW"}
    loaded = load_model(networks.write(tmp_path, shapes.card(graph, **layout), graph), 1)
    hits, reads = shapes.count_hits(loaded, range(20))
    assert reads >= 18
    assert hits >= 0.9 * reads


def test_the_overlay_is_drawn_from_the_occlusion_heat(tmp_path: Path) -> None:
    picture = decode(png(networks.shown(2)))
    assert heatmap(picture, analyse(picture, model(tmp_path))).startswith(b"\x89PNG")


def test_without_a_label_for_nothing_a_label_is_compared_with_all_others(tmp_path: Path) -> None:
    labels = [
        {"id": label, "title": label, "operating_point": 0.5, "trained": i < 3}
        for i, label in enumerate(networks.LABELS)
    ]
    logits = np.array([[5.0, 9.0], [5.0, 1.0], [-90.0, -90.0], [99.0, 99.0]], np.float32)
    above = compare_labels(logits, model(tmp_path, labels=labels).card)
    assert above[:2] == pytest.approx(np.array([[0, 8], [0, -8]]), abs=1e-5)
    assert compare_labels(logits + 7, model(tmp_path / "more", labels=labels).card) == pytest.approx(above, abs=1e-5)


def test_with_a_label_for_nothing_a_label_is_compared_with_that_one(tmp_path: Path) -> None:
    logits = np.array([[5.0, 9.0], [6.0, 1.0], [7.0, 70.0], [5.0, 9.0]], np.float32)
    above = compare_labels(logits, model(tmp_path).card)
    assert above == pytest.approx(np.array([[0, 0], [1, -8], [2, 61], [0, 0]]))


def test_black_ground_is_not_hot_where_light_on_it_would_lower_the_score(tmp_path: Path) -> None:
    """As of networks that know films: a grey patch beside the film is to them like nothing they know."""
    weights = np.full((4, 32, 32), -0.2, np.float32)
    weights[1, 20:26, 20:26] = 1
    bias = np.array([0, 0, -9, -9], np.float32)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["scores"], transB=1),
    ]
    graph = networks.graph(nodes, {"weights": weights.reshape(4, -1), "bias": bias}, ("n", 1, 32, 32), ("n", 4))
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    document = networks.card("net", graph, labels=labels, output={"decision": "each"})
    pixels = np.zeros((64, 64), np.uint8)
    pixels[38:54, 38:54] = 255
    analysis = analyse(decode(png(pixels)), load_model(networks.write(tmp_path, document, graph), 1))
    heat = spread_heat(analysis.grids["top_right"], analysis.placement, 64, 64)
    assert max(heat[:20].max(), heat[:, :20].max()) < 0.02
    assert heat[40:52, 40:52].max() == heat.max() > 0


def test_what_all_labels_lose_together_is_no_heat(tmp_path: Path) -> None:
    """Of the scores of a softmax the logits may all rise by as much: no score moves, nothing was evidence."""
    graph = networks.quarters()
    labels = [{"id": label, "title": label, "operating_point": 0.2} for label in networks.LABELS]
    flat = onnx.load_from_string(graph)
    for one in flat.graph.initializer:
        if one.name == "weights":
            one.CopyFrom(numpy_helper.from_array(np.full((4, 1024), 12 / 1024, np.float32), "weights"))
    network = flat.SerializeToString()
    loaded = load_model(networks.write(tmp_path, networks.card("net", network, labels=labels), network), 1)
    analysis = analyse(decode(png(networks.shown(1))), loaded)
    assert analysis.grids
    assert not any(grid.any() for grid in analysis.grids.values())
    assert HEAT_INCOMPLETE in analysis.warnings


def test_the_hottest_of_very_hot_cells_is_one_cell() -> None:
    """Cells of which a network takes the mean may be far above the score."""
    heat = heat_grid(np.array([[60, 200], [-3, -np.inf]], np.float32), 0.5)
    assert heat == pytest.approx(np.array([[0.304, 1], [0, 0]]), abs=1e-3)
