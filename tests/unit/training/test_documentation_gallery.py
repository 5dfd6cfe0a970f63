"""The gallery shows what the models do, in the cards' own numbers, and says each time that these are drawings."""

from pathlib import Path

import pytest
from PIL import Image

import imaging
from imaging.model_card import read_card
from training.documentation import marks, table
from training.samples import SLICES

MODELS = Path(imaging.__file__).parent.parent / "models"
DOCS = MODELS.parent.parent.parent / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SLICES)
def test_the_page_states_the_cards_numbers(name: str) -> None:
    start, end = marks(name)
    assert PAGE.partition(start)[2].partition(end)[0].strip() == table(MODELS / name)


@pytest.mark.parametrize("name", SLICES)
def test_every_picture_is_captioned_with_the_notice(name: str) -> None:
    picture = f"pictures/{name.replace('_', '-')}.jpg"
    after = PAGE.partition(f"]({picture})")[2].lstrip().splitlines()[0]
    assert read_card(MODELS / name).notice in after.lower()
    with Image.open(DOCS / picture) as image:
        assert image.format == "JPEG"
        assert image.width > 800


def test_the_pictures_are_small() -> None:
    assert sum((DOCS / "pictures" / f"{name.replace('_', '-')}.jpg").stat().st_size for name in SLICES) < 1_500_000
