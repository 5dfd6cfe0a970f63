"""What an analysis says, what its warnings mean, and the disclaimer that every result carries."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

MEANINGS = {
    "LOW_CONTRAST": "The prepared image has hardly any contrast; scores are unreliable.",
    "INVERTED": "The image looks like a negative; scores are unreliable.",
    "COLOUR_PHOTOGRAPH": "The image is a colour photograph; scores mean nothing.",
    "DOCUMENT": "The image looks like a page of text; scores mean nothing.",
    "UNFAMILIAR": "The image does not look like those the model was made for; scores are unreliable.",
    "NOT_A_PHANTOM": "This demonstration model reads drawings only and says nothing of this picture.",
    "NO_GATE": "The model has no gate: whether the image is like those it was made for was not checked.",
    "BELOW_OPERATING_POINT": "The finding with the highest score is below its operating point: nothing was found.",
    "NO_UNITS": "The model reads units that the file does not give; values were taken as shown, scores are unreliable.",
    "HEAT_INCOMPLETE": "A finding has no heat: no part of the image explains it, or the model is too large for it.",
    "HEADER_VALUE_IGNORED": "A value of the file's header could not be read; the image was read as if it were absent.",
    "SIGN_CONTRADICTS": "Header and compressed pixels disagree on whether values are signed; the header was followed.",
    "DEPTH_CONTRADICTS": "Header and compressed pixels disagree on how many bits values have; pixels were followed.",
    "MIDDLE_FRAME_ONLY": "Only the middle frame of a multi-frame image was read.",
    "BURNED_IN_TEXT_BLANKED": "What looks like text burned into the pixels was blanked in the de-identified copy, side "
    "markers too; some of it may have been no text.",
    "BURNED_IN_TEXT_NOT_REMOVED": "Text burned into the pixels may be left in the de-identified copy: look at it "
    "before it is passed on.",
    "UNUSED_BITS_NOT_CLEARED": "Bits of the de-identified copy that show nothing may still hold text or drawings.",
    "NO_DEIDENTIFIED_COPY": "The file could not be de-identified; there is no such copy.",
    "NO_SUITABLE_MODEL": "No installed model accepts this modality and body part; the image was not read.",
    "UNKNOWN_MODEL": "No installed model has the name that was asked for; the image was not read.",
}

REFERENCE = "reference model trained on synthetic phantoms; not for clinical use"
"""What the cards of the shipped models say of themselves."""
NO_DIAGNOSIS = "This is not a diagnosis."
NOT_A_PHANTOM = "NOT_A_PHANTOM"
NO_GATE = "NO_GATE"
FOREIGN = frozenset({"LOW_CONTRAST", "INVERTED", "COLOUR_PHOTOGRAPH", "DOCUMENT", "UNFAMILIAR", NOT_A_PHANTOM})
"""Warnings that the picture may be none of those the model was made for: what it says may mean nothing."""
NO_SUITABLE_MODEL = "NO_SUITABLE_MODEL"
UNKNOWN_MODEL = "UNKNOWN_MODEL"
NO_DEIDENTIFIED_COPY = "NO_DEIDENTIFIED_COPY"

KNOWLEDGE = "knowledge"
"""The key of a stored result under which stands what the model's own folder knows of the labels that were found."""


def without_knowledge(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored result as people are shown it: suggestions are made when they are asked for, for one person."""
    return {key: value for key, value in result.items() if key != KNOWLEDGE}


def is_foreign(warnings: Iterable[str]) -> bool:
    """Tell whether any of the warnings says that the picture may not be what the model reads."""
    return not FOREIGN.isdisjoint(warnings)


@dataclass(frozen=True, slots=True)
class Finding:
    """One label of the model. `score` in 0…1 after calibration; found when at or above `operating_point`."""

    label: str
    title: str
    score: float
    operating_point: float
    found: bool


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """Exactly which network read the image. `sha256` of its ONNX file; `preprocessing` names its version.

    `disclaimer`: what its card (there `notice`) says of it to all who read a result.
    """

    name: str
    version: str
    sha256: str
    preprocessing: str
    disclaimer: str

    def to_dict(self) -> dict[str, str]:
        """Return it as results show it; they carry the disclaimer themselves."""
        return {
            "name": self.name,
            "version": self.version,
            "sha256": self.sha256,
            "preprocessing": self.preprocessing,
        }


@dataclass(frozen=True, slots=True)
class BlankedRegion:
    """A rectangle that is black in every frame of the de-identified copy, in pixels from its top left corner."""

    top: int
    left: int
    rows: int
    columns: int


def disclaimer_of(notice: str | None) -> str:
    """Return what every answer says: a card's notice, if a model has read the image, and that this is not a
    diagnosis.
    """
    sentence = (notice or "").strip().rstrip(".")
    return f"{sentence[:1].upper()}{sentence[1:]}. {NO_DIAGNOSIS}" if sentence else NO_DIAGNOSIS


DISCLAIMER = disclaimer_of(REFERENCE)


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The outcome of one finished task. `timings` in milliseconds; `image` are facts of the file, not the person."""

    findings: tuple[Finding, ...]
    model: ModelVersion | None
    image: Mapping[str, Any]
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    blanked_regions: tuple[BlankedRegion, ...] = ()

    @property
    def pathologies(self) -> list[str]:
        """Labels that were found, highest score first."""
        findings = sorted((f for f in self.findings if f.found), key=lambda f: -f.score)
        return [f.label for f in findings]

    @property
    def confidence(self) -> float:
        """The highest score among the pathologies; with none found, one less the highest score of all.

        0 when no model read the image, or when it may be none of those the model was made for: documents show a
        number, and nothing is known.
        """
        if not self.findings or is_foreign(self.warnings):
            return 0.0
        scores = [f.score for f in self.findings if f.found]
        return round(max(scores) if scores else 1 - max(f.score for f in self.findings), 4)

    @property
    def disclaimer(self) -> str:
        """What is to be said beside all that this says."""
        return disclaimer_of(self.model.disclaimer if self.model else None)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as documents show it (`pathologies`, `confidence`) and all that stands behind it."""
        return {
            "pathologies": self.pathologies,
            "confidence": self.confidence,
            "findings": [asdict(f) for f in self.findings],
            "model": self.model.to_dict() if self.model else None,
            "image": dict(self.image),
            "timings": dict(self.timings),
            "warnings": list(self.warnings),
            "notice": self.disclaimer,
            **({"blanked_regions": [asdict(one) for one in self.blanked_regions]} if self.blanked_regions else {}),
        }
