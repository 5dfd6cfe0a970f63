"""A result for a radiologist: every number the model gave, the file's facts, and exactly which network spoke."""

from collections.abc import Mapping, Sequence
from typing import Any

from scanward.domain.results import Finding, ModelVersion, notice_of
from scanward.domain.warnings import MEANINGS


def expert(
    findings: Sequence[Finding],
    model: ModelVersion | None,
    image_facts: Mapping[str, Any],
    warnings: Sequence[str],
    additional_notes: str | None,
    *,
    heatmap: str | None = None,
) -> dict[str, Any]:
    """All labels in order of score, found or not. `heatmap`: where the picture of the found ones' heat is served.

    The requester's notes are handed back as they came; nothing is read out of them.
    """
    ordered = sorted(findings, key=lambda f: -f.score)
    return {
        "impression": _impression(ordered, model),
        "technique": _technique(image_facts),
        "findings": [_finding(f, heatmap) for f in ordered],
        "image": dict(image_facts),
        "model": model.to_dict() if model else None,
        "warnings": [{"code": code, "meaning": MEANINGS.get(code)} for code in warnings],
        "additional_notes": additional_notes,
        "notice": notice_of(model.notice if model else None),
    }


def _finding(finding: Finding, heatmap: str | None) -> dict[str, Any]:
    """A score on its operating point is above it. Heat is drawn for what was found only, so only that refers to it."""
    return {
        "label": finding.label,
        "title": finding.title,
        "score": finding.score,
        "operating_point": finding.operating_point,
        "margin": round(finding.score - finding.operating_point, 4),
        "position": "above" if finding.found else "below",
        "heatmap": heatmap if finding.found else None,
    }


def _impression(ordered: Sequence[Finding], model: ModelVersion | None) -> str:
    """Counts and scores, in words; no reading beyond them."""
    if model is None:
        return "Not read: no suitable model."
    found = [f for f in ordered if f.found]
    read = f"{model.name} {model.version} scored {_labels(len(ordered))}"
    if not found:
        return f"{read}; none at or above its operating point. Findings outside these labels were not looked for."
    named = ", ".join(f"{f.title} {f.score:.3f} (operating point {f.operating_point:.3f})" for f in found)
    return f"{read}; {len(found)} at or above the operating point: {named}. Scores are not probabilities of disease."


def _labels(count: int) -> str:
    return f"{count} label" if count == 1 else f"{count} labels"


def _technique(facts: Mapping[str, Any]) -> str:
    """What the file says of itself in one line; what it does not say is left out."""
    said = [
        facts.get("format"),
        f"{facts['columns']} × {facts['rows']} pixels" if facts.get("rows") and facts.get("columns") else None,
        f"{facts['bits']} bits stored" if facts.get("bits") else None,
        f"{facts['frames']} frames" if facts.get("frames", 1) > 1 else None,
        facts.get("photometric"),
        _named("modality", facts.get("modality")),
        _named("body part", facts.get("body_part")),
        _named("view", facts.get("view")),
        _named("laterality", facts.get("laterality")),
        _spacing(facts.get("pixel_spacing")),
    ]
    return "; ".join(str(each) for each in said if each)


def _named(name: str, value: object) -> str | None:
    return f"{name} {value}" if value else None


def _spacing(spacing: Sequence[float] | None) -> str | None:
    return f"pixel spacing {spacing[0]:g} × {spacing[1]:g} mm" if spacing else None
