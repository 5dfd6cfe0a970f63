"""What an analysis says to people: to a patient in plain words, to a radiologist in all its numbers.

The plain words are data: `words.json` beside this file, read when first needed and kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scanward.domain.results import MEANINGS, REFERENCE, Finding, ModelVersion, disclaimer_of

FILE = Path(__file__).with_name("words.json")


@dataclass(frozen=True, slots=True)
class LabelWords:
    """A label said plainly. `clear`: the label says that nothing was found; `step`: what to do about it, if told."""

    title: str
    explanation: str
    step: str | None = None
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """All phrases. `labels` by model and label; `urgent` by model: when to get help at once."""

    phrases: Mapping[str, Any]
    urgent: Mapping[str, str]
    labels: Mapping[tuple[str, str], LabelWords]

    def of(self, model: str, finding: Finding) -> LabelWords:
        """The words for a finding; of a label that nobody described, its own title and no more."""
        known = self.labels.get((model, finding.label))
        return known or LabelWords(finding.title, self.phrases["other"]["explanation"].format(title=finding.title))

    def clear_of(self, model: str) -> list[LabelWords]:
        """The words for what that model says when it finds nothing."""
        return [plain for (name, _), plain in self.labels.items() if name == model and plain.clear]

    def urgent_for(self, model: str | None) -> str:
        """When to get help at once."""
        return self.urgent.get(model or "") or str(self.phrases["other"]["urgent"])


@cache
def words() -> Words:
    """The packaged words."""
    phrases: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    models: dict[str, Any] = phrases.pop("models")
    return Words(
        phrases,
        {name: model["urgent"] for name, model in models.items()},
        {
            (name, label): LabelWords(**said)
            for name, model in models.items()
            for label, said in model["labels"].items()
        },
    )


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
        "notice": disclaimer_of(model.disclaimer if model else None),
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


# From how many points (of 100) above the operating point a score counts as over, and as far over it.
OVER, FAR = 10, 40

Said = tuple[Finding, LabelWords]


def friendly(findings: Sequence[Finding], model: ModelVersion | None, warnings: Sequence[str]) -> dict[str, Any]:
    """The result in plain words, highest score first. Says what may be, never what is."""
    said = words()
    name = model.name if model else ""
    found = sorted((f for f in findings if f.found), key=lambda f: -f.score)
    marked = [(f, plain) for f in found if not (plain := said.of(name, f)).clear]
    return {
        "summary": " ".join([_summary(said, model, marked), *_remarks(said, warnings)]),
        "findings": [_marked(said, finding, plain) for finding, plain in marked],
        "next_steps": _next_steps(said, name, [plain for _, plain in marked] or said.clear_of(name)),
        "notice": _disclaimer(said, model),
    }


def _disclaimer(said: Words, model: ModelVersion | None) -> str:
    if model is None:
        return disclaimer_of(None)
    phrases = said.phrases["notice"]
    learned = [phrases["drawings"]] if model.disclaimer == REFERENCE else []
    return " ".join([phrases["read"], *learned, phrases["limits"], disclaimer_of(model.disclaimer)])


def _summary(said: Words, model: ModelVersion | None, marked: Sequence[Said]) -> str:
    if model is None:
        return str(said.phrases["unread"])
    if not marked:
        return str(said.phrases["none"])
    return str(said.phrases["found"].format(things="; ".join(plain.title for _, plain in marked)))


def _remarks(said: Words, warnings: Sequence[str]) -> list[str]:
    """What a patient should know of how the picture was read; codes that mean nothing to one are left out."""
    return [said.phrases["warnings"][code] for code in warnings if code in said.phrases["warnings"]]


def _marked(said: Words, finding: Finding, plain: LabelWords) -> dict[str, Any]:
    return {
        "label": finding.label,
        "title": plain.title[:1].upper() + plain.title[1:],
        "explanation": plain.explanation,
        "how_sure": _how_sure(said, finding),
    }


def _how_sure(said: Words, finding: Finding) -> str:
    above = 100 * (finding.score - finding.operating_point)
    place = "far" if above >= FAR else "over" if above >= OVER else "near"
    return str(
        said.phrases["sure"].format(
            score=_points(finding.score),
            point=_points(finding.operating_point),
            place=said.phrases["places"][place],
        )
    )


def _points(score: float) -> str:
    """Of 100, and never all or nothing: a score is neither."""
    return f"{min(max(round(100 * score), 1), 99)}"


def _next_steps(said: Words, model: str, plain: Sequence[LabelWords]) -> list[str]:
    """What to do, the urgent first, nothing twice."""
    steps = said.phrases["steps"]
    own = [each.step for each in plain if each.step]
    nothing = [] if any(not each.clear for each in plain) else [steps["unwell"]]
    return list(dict.fromkeys([said.urgent_for(model), *own, *nothing, steps["show"], steps["medicine"]]))
