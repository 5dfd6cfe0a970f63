"""What an analysis says. Every result carries the notice about the model that made it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NOTICE = "Reference model trained on synthetic phantoms; not for clinical use. This is not a diagnosis."
NO_SUITABLE_MODEL = "NO_SUITABLE_MODEL"
NO_DEIDENTIFIED_COPY = "NO_DEIDENTIFIED_COPY"


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
    """Exactly which network read the image. `sha256` of its ONNX file; `preprocessing` names its version."""

    name: str
    version: str
    sha256: str
    preprocessing: str


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The outcome of one finished task. `timings` in milliseconds; `image` are facts of the file, not the person."""

    findings: tuple[Finding, ...]
    model: ModelVersion | None
    image: Mapping[str, Any]
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()

    @property
    def pathologies(self) -> list[str]:
        """Labels that were found, highest score first."""
        found = sorted((f for f in self.findings if f.found), key=lambda f: -f.score)
        return [f.label for f in found]

    @property
    def confidence(self) -> float | None:
        """The highest score among the pathologies; with none found, one less the highest score of all.

        None when no model read the image: a number would be invented.
        """
        if not self.findings:
            return None
        found = [f.score for f in self.findings if f.found]
        return round(max(found) if found else 1 - max(f.score for f in self.findings), 4)

    def to_dict(self) -> dict[str, Any]:
        """The result as documents show it (`pathologies`, `confidence`) and all that stands behind it."""
        return {
            "pathologies": self.pathologies,
            "confidence": self.confidence,
            "findings": [asdict(f) for f in self.findings],
            "model": asdict(self.model) if self.model else None,
            "image": dict(self.image),
            "timings": dict(self.timings),
            "warnings": list(self.warnings),
            "notice": NOTICE,
        }
