"""Heat without an activation: hiding a part of the image lowers the score that rests on it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imaging.analysis import HEAT_INCOMPLETE, analyse
from imaging.decode import decode
from imaging.heatmaps import LONGEST, occlude, spread_heat
from imaging.model import Model, load_model
from imaging.model_card import Input
from imaging.preprocess import prepare
from imaging.renderings import heatmap
from tests.support import networks
from tests.support.images import png


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
    heat = spread_heat(analysis.grids[networks.LABELS[quarter]], analysis.placement, 64, 64)
    inside = heat[quarter // 2 * 32 :, quarter % 2 * 32 :][:32, :32]
    assert (heat.min(), heat.max()) == (0, pytest.approx(1, abs=0.05))
    assert inside.sum() > 0.8 * heat.sum()


def test_each_label_that_is_judged_by_itself_has_its_own_heat(tmp_path: Path) -> None:
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    both = np.maximum(networks.shown(0), networks.shown(3))
    analysis = analyse(decode(png(both)), model(tmp_path, output={"decision": "each"}, labels=labels))
    assert set(analysis.grids) == {"top_left", "bottom_right"}
    for label, (row, column) in (("top_left", (16, 16)), ("bottom_right", (48, 48))):
        heat = spread_heat(analysis.grids[label], analysis.placement, 64, 64)
        assert heat[row, column] > 0.5 > heat[64 - row, 64 - column]


def prepared(quarter: int) -> NDArray[np.float32]:
    return prepare(
        decode(png(networks.shown(quarter))),
        Input(node="image", channels=1, height=32, width=32, low=0, high=1, resize="stretch"),
    ).tensor


def detail(grid: NDArray[np.float32]) -> int:
    return next(
        side
        for side in (4, 8, 16)
        if np.array_equal(grid, np.kron(grid[:: 16 // side, :: 16 // side], np.ones((16 // side, 16 // side))))
    )


def test_the_coarsest_look_is_finished_and_then_it_ends_when_the_time_is_up(tmp_path: Path) -> None:
    sides = []
    for seconds in (0.0, 4.0, 10_000.0):
        clock = Clock(0.05)  # 16 looks at it, and two before
        [grid], whole = occlude(
            model=model(tmp_path / str(seconds), batch=1), tensor=prepared(1), labels=[1], clock=clock, seconds=seconds
        )
        assert (whole, grid.max()) == (True, 1)
        assert clock.time <= max(seconds, 18 * 0.05) + 0.051
        sides.append(detail(grid))
    assert sides == [4, 8, 16]


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_network_that_is_too_slow_to_be_looked_into_gets_no_heat_and_that_is_said(
    tmp_path: Path, batch: int | str
) -> None:
    loaded, picture = model(tmp_path, batch=batch), decode(png(networks.shown(1)))
    clock = Clock(0.7)
    analysis = analyse(picture, loaded, clock=clock)
    assert clock.time < LONGEST + 5 * 0.7
    assert analysis.warnings == (HEAT_INCOMPLETE,)
    assert [grid.max() for grid in analysis.grids.values()] == [0]
    assert heatmap(picture, analysis).startswith(b"\x89PNG")
    assert analyse(picture, loaded, clock=Clock(0.3)).warnings == ()


class Counted:
    """A session that notes how many images it is given at once."""

    def __init__(self, session: Any) -> None:
        self.session, self.sizes = session, list[int]()

    def run(self, names: list[str], given: dict[str, NDArray[np.float32]]) -> Any:
        self.sizes.append(len(given["image"]))
        return self.session.run(names, given)

    def get_inputs(self) -> Any:
        return self.session.get_inputs()


@pytest.mark.parametrize(("step", "largest"), [(0.001, 8), (0.1, 2), (0.3, 1)])
def test_of_a_slow_network_fewer_run_at_once(tmp_path: Path, step: float, largest: int) -> None:
    loaded = model(tmp_path)
    counted = Counted(loaded.session)
    occlude(replace(loaded, session=counted), prepared(1), [1], Clock(step))
    assert max(counted.sizes) == largest


def test_an_image_on_which_nothing_rests_has_no_heat(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    [grid], whole = occlude(loaded, np.full((1, 1, 32, 32), 0.5, np.float32), [1], Clock(0.001))
    assert whole
    assert (grid == 0).all()


def test_the_overlay_is_drawn_from_the_occlusion_heat(tmp_path: Path) -> None:
    picture = decode(png(networks.shown(2)))
    assert heatmap(picture, analyse(picture, model(tmp_path))).startswith(b"\x89PNG")
