"""What an image looks like to be, where that is not what a model reads: a blank, a negative, a photograph, a page.

It flags; a card may ask for refusal. It is no proof of anything: `docs/models.md` says how often it is right.
"""

import numpy as np
from numpy.typing import NDArray

from imaging.card import Card
from imaging.card_schema import Warned
from imaging.familiar import distance, thumb
from imaging.picture import Picture
from imaging.prepare import Prepared
from imaging.refusal import unsupported

_LEAST_CONTRAST = 0.05
_MOST_COLOUR = 0.2
_PAPER, _LEAST_PAPER = 0.85, 0.55
_LEAP, _LEAST_LEAPS = 0.06, 0.85
_TEXTS: dict[Warned, str] = {
    "LOW_CONTRAST": "The image is blank, or nearly so.",
    "INVERTED": "The image looks like a negative: black and white are exchanged.",
    "COLOUR_PHOTOGRAPH": "The image is a colour photograph.",
    "DOCUMENT": "The image looks like a page of text.",
    "UNFAMILIAR": "The image does not look like those that the model was made for.",
}


def notice(picture: Picture, prepared: Prepared, card: Card) -> tuple[Warned, ...]:
    """What is odd about the image. Raises ImageRefused (UNSUPPORTED) if the card asks for that."""
    found = _odd(picture, prepared, card)
    for code in found:
        if code in card.gate.refuse:
            raise unsupported(f"{_TEXTS[code]} The model does not read such images.")
    return found


def _odd(picture: Picture, prepared: Prepared, card: Card) -> tuple[Warned, ...]:
    if prepared.contrast < _LEAST_CONTRAST:
        return ("LOW_CONTRAST",)
    found: list[Warned] = []
    if picture.colour > _MOST_COLOUR:
        found.append("COLOUR_PHOTOGRAPH")
    if _is_page(prepared.seen):
        found.append("DOCUMENT")
    if card.gate.familiar:
        cells = thumb(prepared.plane(card.input), card.gate.familiar.grid)
        far = distance(cells, card.gate.familiar)
        if far > card.gate.familiar.limit:
            # Turned round, a negative need not pass: its padding is black, as a right image's is.
            turned = distance(-cells, card.gate.familiar)
            found.append("INVERTED" if turned < far else "UNFAMILIAR")
    return tuple(found)


def _is_page(seen: NDArray[np.float32]) -> bool:
    """Mostly paper, and what is not paper is small: next to nearly each of its pixels brightness leaps.

    Across or down: of words that are too small to be read there is a grey line left.
    """
    paper = float((seen[::4, ::4] > _PAPER).mean())
    if paper < _LEAST_PAPER:
        return False
    across = np.abs(np.diff(seen, axis=1))[:-1] > _LEAP
    down = np.abs(np.diff(seen, axis=0))[:, :-1] > _LEAP
    return float((across | down).mean()) > _LEAST_LEAPS * (1 - paper)
