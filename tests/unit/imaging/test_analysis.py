"""Analysis: one decode serves all, and whatever comes in, what comes out is finite."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from functions.inference.reports import words
from imaging.analysis import HEAT_INCOMPLETE, analyse
from imaging.card_schema import Gate
from imaging.decode import decode
from imaging.errors import ImageError, ModelError
from imaging.findings import BELOW_OPERATING_POINT, Decision, decide_findings, shown_score
from imaging.heatmaps import heat_grid, spread_heat
from imaging.model import Model, load_model
from imaging.model_card import card_of
from imaging.preprocess import NO_UNITS, Placement, prepare
from imaging.renderings import heatmap, preview
from scanward.domain.results import MEANINGS
from tests.support import networks
from tests.support.images import EXPLICIT, dicom, jpeg, png, ramp
from training import files
from training.samples import sample


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_constant_image_gets_finite_scores_and_a_warning(value: int, model: Model) -> None:
    picture = decode(png(np.full((300, 300), value, np.uint8)))
    analysis = analyse(picture, replace(model, card=replace(model.card, gate=Gate())))
    assert analysis.findings
    assert all(0 <= finding.score <= 1 for finding in analysis.findings)
    assert analysis.warnings == ("LOW_CONTRAST",)
    assert len(heatmap(picture, analysis)) > 0


def test_constant_dicom_pixels_get_a_finite_result(model: Model) -> None:
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        picture = decode(dicom(np.full((64, 64), 7, np.uint16), EXPLICIT, PhotometricInterpretation=photometric))
        assert all(np.isfinite(finding.score) for finding in analyse(picture, model).findings)


def test_every_encoding_of_a_film_gets_the_same_findings(model: Model) -> None:
    film = sample("several", 1).film
    encodings = [
        files.png(film),
        files.png(film, 16),
        files.jpeg(film),
        files.dicom(film, files.DX, "same"),
        files.dicom(film, files.CR, "same"),
    ]
    scores = [[finding.score for finding in analyse(decode(data), model).findings] for data in encodings]
    assert np.ptp(np.array(scores), axis=0).max() < 0.15


def test_a_film_of_another_shape_is_padded_and_not_stretched(model: Model) -> None:
    prepared = prepare(decode(png(ramp(300, 600))), model.card.input)
    assert prepared.tensor.shape == (1, 1, 224, 224)
    assert prepared.placement == Placement(0.25, 0.0, 0.5, 1.0)
    assert (prepared.tensor[0, 0, :56] == 0).all()
    assert (prepared.tensor[0, 0, -56:] == 0).all()
    assert prepared.tensor[0, 0, 56:-56, -1].min() > 0.8


def test_heat_is_laid_where_the_picture_lies_in_the_input() -> None:
    grid = np.zeros((8, 8), np.float32)
    grid[4, 6] = 1  # in the lower half of the input, three quarters to the right
    heat = spread_heat(grid, Placement(0.25, 0.0, 0.5, 1.0), 100, 200)
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    assert heat.shape == (100, 200)
    assert 50 <= row < 75
    assert 150 <= column < 175


def test_between_two_hot_cells_the_hottest_pixel_is_in_the_middle() -> None:
    grid = np.zeros((8, 8), np.float32)
    grid[4, 5:7] = 1
    heat = spread_heat(grid, Placement(0.0, 0.0, 1.0, 1.0), 160, 160)
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    assert heat.max() == 1
    assert abs(row - 89.5) <= 1
    assert abs(column - 119.5) <= 1


def test_heat_is_between_zero_and_one_even_for_extreme_logits() -> None:
    for logits in ([[-1e9, 1e9]], [[-1e9, -1e9]], [[0.0, 0.0]]):
        heat = heat_grid(np.array(logits, np.float32), 1.0)
        assert (heat >= 0).all()
        assert heat.max() == pytest.approx(1)


def test_the_timings_tell_each_step(model: Model) -> None:
    timings = analyse(decode(png(ramp(512, 512))), model).timings
    assert min(timings.decode, timings.prepare, timings.infer, timings.explain) > 0


def test_the_clearest_finding_comes_first(model: Model) -> None:
    positive = analyse(decode(files.png(sample("several", 1).film)), model).positive
    margins = [finding.score - finding.operating_point for finding in positive]
    assert margins == sorted(margins, reverse=True)


def test_one_findings_heat_can_be_shown_alone(model: Model) -> None:
    picture = decode(files.png(sample("several", 1).film))
    analysis = analyse(picture, model)
    assert heatmap(picture, analysis, "nodule") != heatmap(picture, analysis, "effusion")
    with pytest.raises(KeyError):
        heatmap(picture, analysis, "pneumothorax")


def test_the_noisiest_film_still_has_a_small_preview(model: Model) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (1024, 1024), np.uint8)
    picture = decode(jpeg(noise))
    assert len(preview(picture)) < 800_000
    assert len(heatmap(picture, analyse(picture, model))) < 1_300_000


def test_a_large_preview_has_at_most_1024_pixels_a_side() -> None:
    shown = Image.open(io.BytesIO(preview(decode(png(ramp(900, 3000, 65535))))))
    assert shown.size == (1000, 300)


def quarters(folder: Path, **changes: Any) -> Model:
    network = networks.quarters()
    return load_model(networks.write(folder, networks.card("net", network, **changes), network), 1)


def test_a_model_that_chooses_one_finds_what_it_chose_and_nothing_else(tmp_path: Path) -> None:
    model = quarters(tmp_path)
    for quarter in (1, 2, 3):
        analysis = analyse(decode(png(networks.shown(quarter))), model)
        assert analysis.choice == networks.LABELS[quarter]
        assert [finding.label for finding in analysis.positive] == [networks.LABELS[quarter]]
        assert sum(analysis.scores.values()) == pytest.approx(1)


def test_the_label_that_says_nothing_is_there_is_no_finding(tmp_path: Path) -> None:
    analysis = analyse(decode(png(networks.shown(0))), quarters(tmp_path))
    assert analysis.choice == "top_left"
    assert "top_left" in analysis.scores
    assert "top_left" not in {finding.label for finding in analysis.findings}
    assert analysis.positive == ()
    assert analysis.grids == {}


def test_a_chosen_finding_below_its_operating_point_is_not_found_and_said_so(tmp_path: Path) -> None:
    labels = [
        {"id": label, "title": label, "operating_point": 0.99, "finding": i > 0}
        for i, label in enumerate(networks.LABELS)
    ]
    model = quarters(tmp_path, labels=labels, calibration={"temperature": 8.0})
    analysis = analyse(decode(png(networks.shown(2))), model)
    assert (analysis.choice, analysis.positive) == ("top_left", ())
    assert analysis.warnings == ("BELOW_OPERATING_POINT",)


def test_of_two_positive_labels_the_stronger_is_chosen(
    tmp_path: Path,
) -> None:
    labels = [
        {"id": label, "title": label, "operating_point": 0.1, "finding": i > 0}
        for i, label in enumerate(networks.LABELS)
    ]
    pixels = np.maximum(networks.shown(1) - 10, networks.shown(2))
    analysis = analyse(decode(png(pixels)), quarters(tmp_path, labels=labels))
    assert [finding.label for finding in analysis.positive] == ["bottom_left", "top_right"]
    assert analysis.choice == "bottom_left"


def test_a_label_that_was_not_trained_is_masked(tmp_path: Path) -> None:
    labels = [
        {"id": label, "title": label, "operating_point": 0.4, "finding": i > 0, "trained": i != 2}
        for i, label in enumerate(networks.LABELS)
    ]
    analysis = analyse(decode(png(networks.shown(2))), quarters(tmp_path, labels=labels))
    assert "bottom_left" not in analysis.scores
    assert "bottom_left" not in {finding.label for finding in analysis.findings}
    assert sum(analysis.scores.values()) == pytest.approx(1)
    assert analysis.choice != "bottom_left"


def test_outputs_that_are_scores_are_taken_as_they_are(tmp_path: Path) -> None:
    labels = [{"id": label, "title": label, "operating_point": 0.5} for label in networks.LABELS]
    model = quarters(tmp_path, labels=labels, output={"kind": "scores", "decision": "each"})
    scores = analyse(decode(png(networks.shown(1))), model).scores
    assert scores == {"top_left": 0, "top_right": 1, "bottom_left": 0, "bottom_right": 0}


class Failing:
    """A session of which every run fails, as one does whose graph cannot do what it says."""

    def run(self, *_: object) -> None:
        raise RuntimeError


def test_a_graph_that_fails_refuses_its_model(tmp_path: Path) -> None:
    broken = replace(quarters(tmp_path), session=Failing())
    with pytest.raises(ModelError, match="net: a run fails"):
        analyse(decode(png(networks.shown(1))), broken)


class Unmapped:
    """A session whose map of a label has a cell that is not a number."""

    def __init__(self, session: Any, label: int) -> None:
        self.session, self.label = session, label

    def run(self, names: list[str], given: Any) -> Any:
        scores, activation, *gate = self.session.run(names, given)
        activation[0, self.label, 3, 4] = np.nan
        return [scores, activation, *gate]


def test_an_activation_that_is_not_a_number_gives_no_heat_and_that_is_said(model: Model) -> None:
    picture = decode(files.png(sample("several", 1).film))
    whole = analyse(picture, model)
    for i, label in enumerate(model.card.labels):
        analysis = analyse(picture, replace(model, session=Unmapped(model.session, i)))
        assert [finding.label for finding in analysis.positive] == [finding.label for finding in whole.positive]
        found = label.id in analysis.grids
        assert analysis.warnings == ((HEAT_INCOMPLETE,) if found else ())
        assert not found or (analysis.grids[label.id] == 0).all()
        assert heatmap(picture, analysis).startswith(b"\x89PNG")
    assert len(whole.grids) > 1


@pytest.mark.parametrize("code", [HEAT_INCOMPLETE, NO_UNITS, BELOW_OPERATING_POINT])
def test_what_an_analysis_may_warn_of_is_told_to_both_readers(code: str) -> None:
    assert code in MEANINGS
    assert code in words().phrases["warnings"]


def test_without_heat_no_time_is_spent_on_it(tmp_path: Path) -> None:
    analysis = analyse(decode(png(networks.shown(1))), quarters(tmp_path), with_heat=False)
    assert analysis.positive != ()
    assert analysis.grids == {}


def test_a_softmax_does_not_run_over_for_extreme_logits() -> None:
    document = networks.card("net", networks.quarters())
    card = card_of(json.dumps(document).encode(), "net")
    for logits in ([1e30, -1e30, 0, 0], [-1e30] * 4, [700, 701, 702, 703]):
        decision = decide_findings(np.array(logits, np.float32), card)
        assert sum(decision.scores.values()) == pytest.approx(1)
    for broken in (np.nan, np.inf):
        with pytest.raises(ImageError):
            decide_findings(np.array([0, broken, 0, 0], np.float32), card)


def decide(logits: list[float], points: list[float], **changes: Any) -> Decision:
    """Decide over four labels, of which the first says that there is nothing."""
    labels = [
        {"id": label, "title": label, "operating_point": point, "finding": i > 0}
        for i, (label, point) in enumerate(zip(networks.LABELS, points, strict=True))
    ]
    document = networks.card("net", networks.quarters(), **{"labels": labels, **changes})
    return decide_findings(np.log(np.array(logits, np.float32)), card_of(json.dumps(document).encode(), "net"))


@pytest.mark.parametrize(
    ("scores", "points", "positives", "choice", "warnings"),
    [
        ([0.50, 0.45, 0.03, 0.02], [0.5, 0.42, 0.4, 0.4], ["top_right"], "top_right", ()),
        ([0.10, 0.41, 0.45, 0.04], [0.5, 0.42, 0.4, 0.4], ["bottom_left"], "bottom_left", ()),
        ([0.10, 0.44, 0.42, 0.04], [0.5, 0.42, 0.4, 0.4], ["top_right", "bottom_left"], "top_right", ()),
        ([0.02, 0.45, 0.45, 0.08], [0.5, 0.42, 0.4, 0.4], ["top_right", "bottom_left"], "top_right", ()),
        ([0.30, 0.40, 0.20, 0.10], [0.5, 0.42, 0.4, 0.4], [], "top_left", ("BELOW_OPERATING_POINT",)),
        ([0.60, 0.20, 0.10, 0.10], [0.9, 0.42, 0.4, 0.4], [], "top_left", ()),
        ([0.55, 0.35, 0.05, 0.05], [0.5, 0.35, 0.4, 0.4], ["top_right"], "top_right", ()),
    ],
    ids=["over-nothing", "one", "two", "tie", "hint", "nothing", "at-the-point"],
)
def test_findings_choice_and_warning_follow_from_the_operating_points(
    scores: list[float], points: list[float], positives: list[str], choice: str, warnings: tuple[str, ...]
) -> None:
    decision = decide(scores, points)
    assert [finding.label for finding in decision.findings if finding.positive] == positives
    assert (decision.choice, decision.warnings) == (choice, warnings)
    for finding in decision.findings:
        assert finding.positive is (finding.score >= finding.operating_point)


def test_choice_without_a_label_for_nothing_is_the_strongest_finding_and_said_to_be_below() -> None:
    labels = [{"id": label, "title": label, "operating_point": 0.9} for label in networks.LABELS]
    decision = decide([0.2, 0.5, 0.2, 0.1], [0.9] * 4, labels=labels)
    assert (decision.choice, decision.warnings) == ("top_right", ("BELOW_OPERATING_POINT",))
    assert not any(finding.positive for finding in decision.findings)


@pytest.mark.parametrize(("exact", "shown"), [(1.0, 0.9999), (0.0, 0.0001), (0.42004, 0.42), (0.99996, 0.9999)])
def test_score_is_shown_with_four_decimals_and_never_all_or_nothing(exact: float, shown: float) -> None:
    assert shown_score(exact) == shown
