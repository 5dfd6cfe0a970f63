"""A model's card: everything the code has to know about an ONNX file, and what a person should."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.refusal import ModelRefused

CARD_FILE = "card.json"


@dataclass(frozen=True)
class Label:
    """One finding that the model was trained for."""

    id: str
    title: str
    operating_point: float
    """The calibrated score from which on the finding counts as positive."""


@dataclass(frozen=True)
class Input:
    """The tensor the model takes: 1 x channels x height x width, and how a picture becomes one."""

    node: str
    channels: int
    height: int
    width: int
    low: float
    high: float
    """Black and white."""
    resize: str
    """`pad`: the aspect ratio is kept, the rest is black."""


@dataclass(frozen=True)
class Output:
    """The model's outputs: a logit per label, and a logit per label and grid cell to explain it."""

    scores: str
    activation: str


@dataclass(frozen=True)
class Accepts:
    """Which studies the model may read. An image that does not say (no DICOM, no body part) is accepted."""

    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Card:
    """`document` is the whole of card.json, for people; the other fields are what the code needs."""

    name: str
    version: str
    title: str
    notice: str
    preprocessing: str
    """Name and version of the preprocessing, e.g. `window-pad/1`."""
    sha256: str
    temperature: float
    labels: tuple[Label, ...]
    input: Input
    output: Output
    accepts: Accepts
    document: Mapping[str, Any]


def read_card(folder: Path) -> Card:
    """The card of the model in `folder`. Raises ModelRefused if it is absent, incomplete or out of range."""
    try:
        document = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        card = _card(document)
    except OSError:
        raise ModelRefused(f"{folder.name}: no {CARD_FILE}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelRefused(f"{folder.name}: {CARD_FILE} is not valid: {error!r}") from error
    _check(card)
    return card


def _card(document: Mapping[str, Any]) -> Card:
    given = document["input"]
    low, high = given["range"]
    return Card(
        name=str(document["name"]),
        version=str(document["version"]),
        title=str(document["title"]),
        notice=str(document["notice"]),
        preprocessing=f"{document['preprocessing']['name']}/{document['preprocessing']['version']}",
        sha256=str(document["sha256"]),
        temperature=float(document["calibration"]["temperature"]),
        labels=tuple(Label(str(x["id"]), str(x["title"]), float(x["operating_point"])) for x in document["labels"]),
        input=Input(
            str(given["node"]),
            int(given["channels"]),
            int(given["height"]),
            int(given["width"]),
            float(low),
            float(high),
            str(document["preprocessing"]["resize"]),
        ),
        output=Output(str(document["output"]["scores"]), str(document["output"]["activation"])),
        accepts=Accepts(tuple(document["accepts"]["modalities"]), tuple(document["accepts"]["body_parts"])),
        document=document,
    )


def _check(card: Card) -> None:
    """Refuse what the code would silently do wrong."""
    ids = [label.id for label in card.labels]
    faults = {
        "labels must be present and differ": not ids or len(set(ids)) < len(ids),
        "operating points must lie between 0 and 1": any(not 0 < x.operating_point < 1 for x in card.labels),
        "the temperature must be positive": not card.temperature > 0,
        "only one grey channel is prepared": card.input.channels != 1,
        "the input size must be positive": min(card.input.height, card.input.width) < 1,
        "only the resize policy 'pad' is known": card.input.resize != "pad",
    }
    for fault, present in faults.items():
        if present:
            raise ModelRefused(f"{card.name}: {fault}")
