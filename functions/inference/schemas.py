"""Bodies and answers of predictions and of the models' cards."""

from typing import Any

from functions.inference.predictions import Prediction
from imaging.card_schema import Accepts
from imaging.model_card import Card
from scanward.domain.results import NO_GATE, is_foreign
from scanward.web.fields import Body, Line, Out


class Predict(Body):
    """The field beside the file of `POST /predict`."""

    model_type: Line


class ScoreOut(Out):
    """A label's calibrated score, not the probability of a disease, beside the score from which on it counts."""

    label: str
    title: str
    score: float
    operating_point: float


class PredictOut(Out):
    """What contract A documents, and what it takes to understand it."""

    model: str
    prediction: str
    confidence: float
    version: str
    sha256: str
    preprocessing: str
    scores: list[ScoreOut]
    warnings: list[str]
    notice: str

    @classmethod
    def from_domain(cls, prediction: Prediction) -> "PredictOut":
        card, analysis = prediction.card, prediction.analysis
        scores = analysis.shown_scores
        labels = {label.id: label for label in card.labels if label.trained}
        return cls(
            model=card.name,
            prediction=labels[prediction.choice].title,
            confidence=0.0 if is_foreign(analysis.warnings) else scores[prediction.choice],
            version=card.version,
            sha256=card.sha256,
            preprocessing=card.preprocessing,
            scores=[
                ScoreOut(
                    label=label.id,
                    title=label.title,
                    score=scores[label.id],
                    operating_point=round(label.operating_point, 4),
                )
                for label in labels.values()
            ],
            warnings=[*analysis.warnings, *([] if card.has_gate else [NO_GATE])],
            notice=f"{card.notice}. This is not a diagnosis.",
        )


class AcceptsOut(Out):
    """Which studies a model reads, as this stack is configured."""

    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    scan_types: tuple[str, ...]
    unlabelled: bool
    unstated: bool
    views: tuple[str, ...]
    lateralities: tuple[str, ...]
    planes: tuple[str, ...]
    image_types: tuple[str, ...]
    ages: list[float] | None
    sexes: tuple[str, ...]
    study_descriptions: tuple[str, ...]
    series_descriptions: tuple[str, ...]
    required: tuple[str, ...]
    animals: bool


class LabelOut(Out):
    """One label of a model."""

    id: str
    title: str
    operating_point: float
    finding: bool


class ModelOut(Out):
    """A model in short."""

    name: str
    version: str
    title: str
    notice: str
    licence: str
    sha256: str
    preprocessing: str
    decision: str
    reference: bool
    labels: list[LabelOut]
    accepts: AcceptsOut

    @classmethod
    def fields(cls, card: Card, accepts: Accepts) -> dict[str, Any]:
        """Return what every answer about a model tells."""
        return {
            "name": card.name,
            "version": card.version,
            "title": card.title,
            "notice": card.notice,
            "licence": str(card.document["licence"]),
            "sha256": card.sha256,
            "preprocessing": card.preprocessing,
            "decision": card.output.decision,
            "reference": card.is_reference,
            "labels": [LabelOut(**label.model_dump(exclude={"trained"})) for label in card.labels if label.trained],
            "accepts": AcceptsOut(**accepts.model_dump()),
        }

    @classmethod
    def from_domain(cls, card: Card, accepts: Accepts) -> "ModelOut":
        return cls(**cls.fields(card, accepts))


class CardOut(ModelOut):
    """A model with the whole of its card."""

    card: dict[str, Any]

    @classmethod
    def from_domain(cls, card: Card, accepts: Accepts) -> "CardOut":
        return cls(**cls.fields(card, accepts), card=dict(card.document))
