"""The numbers that cards state, on scores whose numbers are known."""

import numpy as np
import pytest

from training import metrics
from training.metrics import best_temperature, operating_point, operating_points
from training.reading import Reading, differences, summary
from training.subjects import SUBJECTS


def test_softmax_adds_up_to_one_and_keeps_the_order() -> None:
    scores = metrics.softmax(np.array([[1.0, 3.0, 2.0], [1000.0, -1000.0, 0.0]]))
    assert scores.sum(axis=1) == pytest.approx([1, 1])
    assert scores.argmax(axis=1).tolist() == [1, 0]


def test_a_perfect_order_has_an_auroc_of_one_and_a_blind_one_a_half() -> None:
    truth = np.array([0, 0, 1, 1], np.uint8)
    assert metrics.auroc(np.array([0.1, 0.2, 0.3, 0.4]), truth) == 1
    assert metrics.auroc(np.full(4, 0.5), truth) == 0.5
    assert np.isnan(metrics.auroc(np.array([0.1, 0.2]), np.array([1, 1], np.uint8)))


def test_the_interval_holds_the_value_and_is_the_same_each_time() -> None:
    hits = np.array([1.0] * 90 + [0.0] * 10)
    value, low, high = metrics.interval(lambda images: float(hits[images].mean()), 100)
    assert value == pytest.approx(0.9)
    assert 0.80 < low < value < high < 0.97
    assert metrics.interval(lambda images: float(hits[images].mean()), 100) == (value, low, high)


def test_the_calibration_error_is_how_far_scores_lie_from_what_happened() -> None:
    right = np.array([1] * 70 + [0] * 30, np.uint8)
    assert metrics.calibration_error(np.full(100, 0.7), right) == pytest.approx(0, abs=1e-9)
    assert metrics.calibration_error(np.full(100, 0.95), right) == pytest.approx(0.25)


def test_the_temperature_undoes_scores_that_are_too_sure() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1.5, (4000, 4))
    choice = [rng.choice(4, p=row) for row in metrics.softmax(logits)]
    truth = np.eye(4, dtype=np.uint8)[choice]
    assert best_temperature(logits * 3, truth, chooses=True) == pytest.approx(3, rel=0.1)
    assert best_temperature(logits, truth, chooses=True) == pytest.approx(1, rel=0.1)


def test_the_operating_point_parts_what_can_be_parted() -> None:
    truth = np.array([0, 0, 0, 1, 1], np.uint8)
    point = operating_point(np.array([0.1, 0.2, 0.3, 0.6, 0.9]), truth)
    assert 0.3 < point <= 0.6


def test_where_one_label_is_chosen_the_operating_point_stays_low() -> None:
    scores = np.array([[0.95, 0.05], [0.9, 0.1], [0.1, 0.9], [0.05, 0.95]])
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.uint8)
    assert max(operating_points(scores, truth, chooses=True)) == 0.4
    assert max(operating_points(scores, truth, chooses=False)) > 0.4


def reading(right: int, wrong: int) -> Reading:
    """Of a model of four labels: `right` chosen rightly of each, `wrong` taken for the next one."""
    truth = np.repeat(np.arange(4), right + wrong)
    chosen = np.concatenate([[i] * right + [(i + 1) % 4] * wrong for i in range(4)])
    found = np.eye(4, dtype=np.uint8)[chosen]
    pointed = np.where(found & np.eye(4, dtype=np.uint8)[truth], 1.0, np.nan)
    return Reading(found * 0.85 + 0.05 * (1 - found), found, np.eye(4, dtype=np.uint8)[truth], pointed)


def test_the_summary_of_a_choice_counts_what_was_taken_for_what() -> None:
    measured = summary(reading(9, 1), SUBJECTS["brain_tumor"], 1.0)
    assert measured["slices"] == 40
    assert measured["accuracy"][0] == 0.9
    assert measured["drawn_and_chosen"]["glioma"] == {"no_tumor": 0, "glioma": 9, "meningioma": 1, "pituitary": 0}
    assert measured["labels"]["glioma"]["sensitivity"][0] == 0.9
    assert measured["labels"]["glioma"]["specificity"][0] == pytest.approx(29 / 30, abs=1e-4)
    assert measured["labels"]["glioma"]["pointing"][0] == 1
    assert "pointing" not in measured["labels"]["no_tumor"]
    assert measured["calibration_error_after"] == pytest.approx(0.05)


def test_a_card_that_says_more_than_was_measured_is_told() -> None:
    subject = SUBJECTS["brain_tumor"]
    measured, better = summary(reading(9, 1), subject, 1.0), summary(reading(10, 0), subject, 1.0)
    assert differences(measured, measured) == []
    told = differences(measured, better)
    assert any(line.startswith("metrics.accuracy: measured [0.9") for line in told)
    assert any(line.startswith("metrics.labels.glioma.sensitivity") for line in told)
    assert differences(measured, {})


def test_wilson_interval_is_that_of_the_textbook_and_is_wide_for_few() -> None:
    assert metrics.wilson(81, 263) == pytest.approx((0.308, 0.2553, 0.3662), abs=1e-4)
    share, low, high = metrics.wilson(10, 10)
    assert (share, high) == (1, 1)
    assert low == pytest.approx(0.7225, abs=1e-4)


def test_point_for_a_wished_sensitivity_finds_that_share_and_no_more_than_it_must() -> None:
    scores = np.array([0.1, 0.3, 0.5, 0.7, 0.9, 0.2, 0.05])
    truth = np.array([1, 1, 1, 1, 1, 0, 0], np.uint8)
    for wish, count in ((0.8, 4), (0.81, 5), (1, 5), (0.2, 1)):
        point = metrics.sensitive_point(scores, truth, wish)
        assert (scores[truth == 1] >= point).sum() == count
    assert metrics.sensitive_point(scores, truth, 0.8) == pytest.approx(0.25)
    assert operating_points(scores[:, None], truth[:, None], chooses=True, sensitivity=0.2) == [0.4]
