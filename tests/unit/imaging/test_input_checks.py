"""Uploads that a model is not for: blanks, negatives, photographs, pages, other organs. Flagged; refused on request."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from pydantic import TypeAdapter

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.errors import ImageError, Reason
from imaging.input_checks import GRID, distance, learn, thumbnail
from imaging.model import Model
from imaging.model_card import Flag, Gate, read_card
from tests.support.cloud import ROOT
from tests.support.images import dicom, jpeg, png, ramp
from training.negatives import COUNT, END, PAGE, SEED, START, measure, negatives, photograph

MODELS = ROOT / "layers" / "model" / "models"
SHIPPED = sorted(path.parent for path in MODELS.glob("*/card.json"))
FEW = 6


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda folder: folder.name)
def measured(request: pytest.FixtureRequest) -> tuple[str, dict[str, tuple[float, float]]]:
    """Provide a shipped model that knows its like; kind of image → the share told what it is, and told anything."""
    card = read_card(request.param)
    assert card.gate.refuse == ()
    assert card.gate.familiar is not None
    return card.name, {kind: (exactly, anything) for kind, _, exactly, anything in measure(card, FEW)}


def test_images_of_no_use_are_flagged_and_right_ones_are_not(
    measured: tuple[str, dict[str, tuple[float, float]]],
) -> None:
    shares = dict(measured[1])
    assert shares.pop("right images")[1] <= 1 / FEW
    # Slices of two organs may be alike as coarsely as this looks: docs/models.md has the numbers.
    least = {kind: 0.5 if kind.startswith("phantoms of ") else 0.8 for kind in shares}
    assert all(anything >= least[kind] for kind, (_, anything) in shares.items()), shares
    for kind in ("blank images", "colour photographs", "pages of text"):
        assert shares[kind][0] >= 0.8, kind


@pytest.mark.parametrize("kind", ["blank images", "negatives", "colour photographs", "pages of text"])
def test_a_card_may_ask_for_refusal(kind: str, model: Model) -> None:
    code, draw = negatives("chest_xray")[kind]
    picture = decode(draw(1))
    assert code in analyse(picture, model).warnings
    strict = replace(model, card=replace(model.card, gate=model.card.gate.model_copy(update={"refuse": (code,)})))
    with pytest.raises(ImageError) as refused:
        analyse(picture, strict)
    assert refused.value.reason is Reason.UNSUPPORTED


def test_without_a_likeness_in_the_card_nothing_is_said_of_organs(model: Model) -> None:
    bare = replace(model, card=replace(model.card, gate=Gate()))
    picture = decode(png(np.rot90(ramp(300, 300))))
    assert analyse(picture, bare).warnings == ()
    assert len(analyse(picture, model).warnings) == 1


def test_the_codes_are_a_closed_list() -> None:
    assert set(get_args(Flag)) == {"LOW_CONTRAST", "INVERTED", "COLOUR_PHOTOGRAPH", "DOCUMENT", "UNFAMILIAR"}


def test_colour_is_seen_in_every_kind_of_file() -> None:
    rows = np.zeros((64, 64, 3), np.uint8)
    rows[..., 0], rows[..., 2] = 200, 40
    for data in (png(rows), jpeg(rows), photograph(0)):
        assert decode(data).colour > 0.3
    grey = np.repeat(ramp(64, 64)[..., None], 3, axis=2)
    for data in (png(grey), jpeg(grey), png(ramp()), jpeg(ramp()), png(ramp(64, 64, 65535)), dicom(ramp())):
        assert decode(data).colour == 0


def test_a_coloured_mark_on_a_grey_film_is_no_photograph(model: Model) -> None:
    film = np.repeat(ramp(300, 300)[..., None], 3, axis=2)
    film[:30, :60] = (255, 0, 0)
    assert "COLOUR_PHOTOGRAPH" not in analyse(decode(png(film)), model).warnings


def test_a_likeness_that_was_learnt_is_valid_in_a_card_and_tells_its_like() -> None:
    rng = np.random.default_rng(3)
    across = np.linspace(0, 1, 48, dtype=np.float32)
    planes = np.stack([np.tile(across, (48, 1)) + rng.normal(0, 0.05, (48, 48)) for _ in range(40)]).astype(np.float32)
    familiar = TypeAdapter(Gate).validate_python({"familiar": learn(planes)}).familiar
    assert familiar is not None
    own, other = thumbnail(planes[0], GRID), thumbnail(np.ascontiguousarray(planes[0].T), GRID)
    assert distance(own, familiar) <= familiar.limit < distance(other, familiar)
    assert distance(-own, familiar) > familiar.limit


def test_brightness_and_contrast_do_not_make_an_image_unfamiliar() -> None:
    plane = np.asarray(ramp(64, 64) / 255, np.float32)
    assert np.allclose(thumbnail(plane, GRID), thumbnail(plane * np.float32(0.2) + np.float32(0.4), GRID), atol=1e-4)
    assert (thumbnail(np.full((64, 64), 0.5, np.float32), GRID) == 0).all()


def test_the_page_has_a_row_for_each_model_and_kind_and_says_how_many_were_drawn() -> None:
    kinds = {
        name: {"right images": "nothing"} | {kind: code for kind, (code, _) in negatives(name).items()}
        for name in (folder.name for folder in SHIPPED)
    }
    assert {(name, kind): code for name, rows in kinds.items() for kind, code in rows.items()} == {
        row: code for row, (code, _) in on_the_page().items()
    }
    assert PAGE.read_text().count(f"{COUNT} images of each kind, seed {SEED}.\n{END}") == 1


def test_the_page_says_what_is_measured(measured: tuple[str, dict[str, tuple[float, float]]]) -> None:
    """The first few of the images that the page counts, as it counts them."""
    name, shares = measured
    for kind, few in shares.items():
        _, all_of_them = on_the_page()[name, kind]
        for told, of_all in zip(few, all_of_them, strict=True):
            assert round(FEW * told) <= round(COUNT * of_all) <= COUNT - round(FEW * (1 - told)), (name, kind)


def on_the_page() -> dict[tuple[str, str], tuple[str, tuple[float, float]]]:
    """(model, kind) → what should be told, and the shares that were."""
    rows = PAGE.read_text().partition(START)[2].partition(END)[0].strip().splitlines()[2:-2]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {(name, kind): (code, (float(exact), float(any_))) for name, kind, code, exact, any_ in cells}
