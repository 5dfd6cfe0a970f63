"""Heat without an activation: hiding a part of the image lowers the score that rests on it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.analyse import analyse
from imaging.card import Input
from imaging.decode import decode
from imaging.derived import heatmap
from imaging.explain import spread
from imaging.model import Model, load_model
from imaging.occlusion import occlude
from imaging.prepare import prepare
from tests.imaging import networks
from tests.imaging.images import png


class Clock:
    """Goes on by a step at each look."""

    def __init__(self, step: float) -> None:
        self.time, self.step = 0.0, step

    def __call__(self) -> float:
        self.time += self.step
        return self.time


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
    heat = spread(analysis.grids[networks.LABELS[quarter]], analysis.placement, 64, 64)
    inside = heat[quarter // 2 * 32 :, quarter % 2 * 32 :][:32, :32]
    assert (heat.min(), heat.max()) == (0, pytest.approx(1, abs=0.05))
    assert inside.sum() > 0.8 * heat.sum()


def test_each_label_that_is_judged_by_itself_has_its_own_heat(tmp_path: Path) -> None:
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    both = np.maximum(networks.shown(0), networks.shown(3))
    analysis = analyse(decode(png(both)), model(tmp_path, output={"decision": "each"}, labels=labels))
    assert set(analysis.grids) == {"top_left", "bottom_right"}
    for label, (row, column) in (("top_left", (16, 16)), ("bottom_right", (48, 48))):
        heat = spread(analysis.grids[label], analysis.placement, 64, 64)
        assert heat[row, column] > 0.5 > heat[64 - row, 64 - column]


def test_it_ends_when_the_time_is_up_with_what_it_has(tmp_path: Path) -> None:
    loaded, target = model(tmp_path, batch=1), Input("image", 1, 32, 32, 0, 1, "stretch")
    tensor = prepare(decode(png(networks.shown(1))), target).tensor
    sides = []
    for seconds in (0.0, 8.0, 17.0, 10_000.0):
        clock = Clock(1.0)
        [grid] = occlude(loaded, tensor, [1], clock, seconds)
        assert np.isfinite(grid).all()
        assert clock.time <= seconds + 3
        sides.append(len(np.unique(grid.round(4))))
    assert sides[0] == 1
    assert sides[-1] > sides[0]


def test_an_image_on_which_nothing_rests_has_no_heat(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    [grid] = occlude(loaded, np.full((1, 1, 32, 32), 0.5, np.float32), [1], Clock(0.001))
    assert (grid == 0).all()


def test_the_overlay_is_drawn_from_it(tmp_path: Path) -> None:
    picture = decode(png(networks.shown(2)))
    assert heatmap(picture, analyse(picture, model(tmp_path))).startswith(b"\x89PNG")
