"""Uploads that a model is not for: blanks, negatives, photographs, pages, other organs. Flagged; refused on request."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from pydantic import TypeAdapter

from imaging.analysis import analyse
from imaging.card_schema import Flag, Gate
from imaging.decode import decode
from imaging.errors import ImageError, Reason
from imaging.input_checks import GRID, check_input, distance, learn, thumbnail
from imaging.model import Model
from imaging.preprocess import prepare
from tests.support.images import dicom, jpeg, png, ramp
from training import files
from training.dataset import phantom, picture_of
from training.negatives import SEED, blank, page, photograph
from training.subjects import SUBJECTS

FILMS = SUBJECTS["chest_xray"]


@pytest.fixture(scope="module")
def clinic_model(model: Model) -> Model:
    """Provide a model that any image is shown to, with a gate that was learnt from the images of its kind."""
    planes = [prepare(picture_of(phantom(FILMS, 7, "train", index).film), FILMS.input).tensor for index in range(60)]
    gate = Gate.model_validate({"familiar": learn(np.concatenate(planes))})
    return replace(model, card=replace(model.card, gate=gate))


def negative(index: int) -> bytes:
    return files.png(1 - phantom(FILMS, SEED, "held-out", index).film)


def kidneys(index: int) -> bytes:
    return files.png(phantom(SUBJECTS["kidney_stone"], SEED, "held-out", index).film)


KINDS: dict[str, tuple[Flag, Callable[[int], bytes]]] = {
    "blank images": ("LOW_CONTRAST", blank),
    "negatives": ("INVERTED", negative),
    "colour photographs": ("COLOUR_PHOTOGRAPH", photograph),
    "pages of text": ("DOCUMENT", page),
    "another organ": ("UNFAMILIAR", kidneys),
}


@pytest.mark.parametrize("kind", KINDS)
def test_image_of_no_use_is_flagged(kind: str, clinic_model: Model) -> None:
    code, draw = KINDS[kind]
    flags = [analyse(decode(draw(index)), clinic_model).warnings for index in range(5)]
    assert sum(code in one for one in flags) >= 4


def test_right_image_is_not_flagged(clinic_model: Model) -> None:
    films = [files.png(phantom(FILMS, SEED, "held-out", index).film) for index in range(10)]
    assert sum(analyse(decode(film), clinic_model).warnings == () for film in films) >= 9


@pytest.mark.parametrize("kind", ["blank images", "negatives", "colour photographs", "pages of text"])
def test_a_card_may_ask_for_refusal(kind: str, clinic_model: Model) -> None:
    code, draw = KINDS[kind]
    picture = decode(draw(1))
    card = clinic_model.card
    assert code in analyse(picture, clinic_model).warnings
    strict = replace(clinic_model, card=replace(card, gate=card.gate.model_copy(update={"refuse": (code,)})))
    with pytest.raises(ImageError) as refused:
        analyse(picture, strict)
    assert refused.value.reason is Reason.UNSUPPORTED


def test_without_a_likeness_in_the_card_nothing_is_said_of_organs(model: Model, clinic_model: Model) -> None:
    bare = replace(model, card=replace(model.card, gate=Gate()))
    picture = decode(png(np.rot90(ramp(300, 300))))
    assert analyse(picture, bare).warnings == ()
    assert len(analyse(picture, clinic_model).warnings) == 1


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


def test_a_photograph_is_odd_to_a_model_of_greys_alone(model: Model) -> None:
    picture, grey = decode(photograph(0)), model.card
    colour = replace(grey, input=replace(grey.input, channels=3, colour=True))
    for card, is_odd in ((grey, True), (colour, False)):
        assert ("COLOUR_PHOTOGRAPH" in check_input(picture, prepare(picture, card.input), card)) is is_odd


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
