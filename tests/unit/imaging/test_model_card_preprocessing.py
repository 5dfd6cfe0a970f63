"""A card whose preprocessing contradicts itself is refused, in words that name the fields."""

import json
from typing import Any

import pytest

from imaging.errors import ModelError
from imaging.model_card import Card, card_of
from tests.support.knee import block


def card(changes: dict[str, dict[str, Any]]) -> Card:
    """Return the card of the page with other entries; one that is None is left out."""
    document = json.loads(block(2, "json"))
    for key, entries in changes.items():
        merged = document.get(key, {}) | entries
        document[key] = {name: value for name, value in merged.items() if value is not None}
    return card_of(json.dumps(document).encode(), "knee_film")


PAD: dict[str, Any] = {"resize": "pad", "short_side": None}
PLAIN: dict[str, Any] = {"mean": None, "std": None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"input": {"colour": True, "channels": 1}}, "`colour` needs three channels"),
        ({"input": {"channels_order": "BGR"}}, "`channels_order` 'BGR' goes with `colour` alone"),
        ({"input": {"channels_order": "GBR"}}, "channels_order"),
        (
            {"input": {"colour": True}, "preprocessing": {"values": "units", "window": [0, 1]}},
            "colours have no units",
        ),
        (
            {"input": {"colour": True}, "gate": {"refuse": ["COLOUR_PHOTOGRAPH"]}},
            "takes `colour` cannot refuse COLOUR_PHOTOGRAPH",
        ),
        ({"preprocessing": {"window_percentiles": [99, 1]}}, "`window_percentiles` must rise"),
        ({"preprocessing": {"window_percentiles": [-1, 99]}}, "`window_percentiles` must rise, from 0 to 100"),
        ({"preprocessing": {"window_percentiles": [1, 101]}}, "`window_percentiles` must rise, from 0 to 100"),
        (
            {"preprocessing": {"window_percentiles": [1, 99], "values": "units", "window": [0, 1]}},
            "units have their `window`",
        ),
        (
            {"preprocessing": {"window_percentiles": [1, 99], "interpolation": None, "bit_depth": None}},
            "interpolation must not be 'box-bilinear'",
        ),
        ({"preprocessing": {"standardise": "z-score"}}, "`mean` and `std` must be absent"),
        ({"preprocessing": {"standardise": "mean", **PLAIN}}, "standardise"),
        ({"preprocessing": {"padding": 0}}, "`padding` goes with resize 'pad' alone"),
        ({"preprocessing": {"padding": 1.5, **PAD}}, "`padding` must lie in the input's `range`"),
        ({"preprocessing": {"padding": "white", **PAD}}, "padding"),
        ({"preprocessing": {"padding": "mean", **PAD, **PLAIN}}, "padding 'mean' needs `mean` and `std`"),
        ({"preprocessing": {"bit_depth": "8-to-float", "interpolation": "box-bilinear"}}, "must be 'stored'"),
        ({"preprocessing": {"interpolation": "gaussian-linear"}}, "must be '8-to-float'"),
        ({"preprocessing": {"interpolation": "antialias"}}, "interpolation"),
    ],
)
def test_preprocessing_that_contradicts_itself_is_refused_in_words(
    changes: dict[str, dict[str, Any]], told: str
) -> None:
    with pytest.raises(ModelError) as refused:
        card(changes)
    assert told in refused.value.message


def test_what_a_card_says_of_preprocessing_reaches_the_code() -> None:
    target = card(
        {
            "input": {"colour": True, "channels_order": "BGR"},
            "preprocessing": {
                **PAD,
                **PLAIN,
                "padding": 1,
                "window_percentiles": [1, 99],
                "bit_depth": "8-to-float",
                "interpolation": "area",
                "standardise": "z-score-floor",
            },
        }
    ).input
    assert (target.colour, target.blue_first, target.padding) == (True, True, 1.0)
    assert (target.window_percentiles, target.bit_depth) == ((1, 99), "8-to-float")
    assert (target.interpolation, target.standardise) == ("area", "z-score-floor")
    assert card({"preprocessing": PAD | {"padding": "mean"}}).input.padding == "mean"
