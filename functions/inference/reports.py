"""What an analysis says to people: to a patient in plain words, to a radiologist in all its numbers.

The plain words are data: `words.json` beside this file, read when first needed and kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanward.domain.results import (
    MEANINGS,
    NO_DIAGNOSIS,
    NOT_A_PHANTOM,
    REFERENCE,
    Finding,
    ModelVersion,
    disclaimer_of,
    is_foreign,
)

if TYPE_CHECKING:
    from imaging.model_texts import ModelTexts

FILE = Path(__file__).with_name("words.json")


@dataclass(frozen=True, slots=True)
class LabelWords:
    """A label in plain words. `clear`: it says that nothing was found; `step`: what to do about it, if anything."""

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
        """Return the words for a finding; of a label without a description, its own title and no more."""
        label_words = self.labels.get((model, finding.label))
        return label_words or LabelWords(
            finding.title, self.phrases["other"]["explanation"].format(title=finding.title)
        )

    def clear_of(self, model: str) -> list[LabelWords]:
        """Return the words for the labels of a model which say that nothing was found."""
        return [plain for (name, _), plain in self.labels.items() if name == model and plain.clear]

    def urgent_for(self, model: str | None) -> str:
        """Return when to get help at once."""
        return self.urgent.get(model or "") or str(self.phrases["other"]["urgent"])

    def with_own(self, model: str, own: "ModelTexts | None") -> "Words":
        """Return these words, but for one model its own, if it has any."""
        if own is None or own.words is None:
            return self
        others = {key: plain for key, plain in self.labels.items() if key[0] != model}
        labels = {
            (model, label): LabelWords(text.title, text.explanation, text.step, clear=label in own.nothing)
            for label, text in own.words.labels.items()
        }
        return replace(self, urgent={**self.urgent, model: own.words.urgent}, labels={**others, **labels})


@cache
def words() -> Words:
    """Return the packaged words."""
    phrases: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    models: dict[str, Any] = phrases.pop("models")
    return Words(
        phrases,
        {name: model["urgent"] for name, model in models.items()},
        {
            (name, label): LabelWords(**entry)
            for name, model in models.items()
            for label, entry in model["labels"].items()
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
    own: "ModelTexts | None" = None,
) -> dict[str, Any]:
    """Return the expert report: all labels in order of score, found or not.

    `heatmap`: the path of the heatmap of the positive findings. `own`: what the model's folder says of its labels.
    The requester's notes are handed back as they came; nothing is read out of them.
    """
    by_score = sorted(findings, key=lambda f: -f.score)
    return {
        "impression": _impression(by_score, model),
        "technique": _technique(image_facts),
        "findings": [_finding(f, heatmap) | _description(f, own) for f in by_score],
        "image": dict(image_facts),
        "model": model.to_dict() if model else None,
        "warnings": [{"code": code, "meaning": MEANINGS.get(code)} for code in warnings],
        "additional_notes": additional_notes,
        "notice": disclaimer_of(model.disclaimer if model else None),
    }


def _finding(finding: Finding, heatmap: str | None) -> dict[str, Any]:
    """Return a finding's score against its operating point; a score equal to it is above.

    Heat is drawn for positive findings only, so only these refer to the heatmap.
    """
    return {
        "label": finding.label,
        "title": finding.title,
        "score": finding.score,
        "operating_point": finding.operating_point,
        "margin": round(finding.score - finding.operating_point, 4),
        "position": "above" if finding.found else "below",
        "heatmap": heatmap if finding.found else None,
    }


def _description(finding: Finding, own: "ModelTexts | None") -> dict[str, str]:
    """Return what the label means, if the model's folder says so."""
    text = own.words.labels[finding.label].expert if own and own.words else None
    return {"description": text} if text else {}


def _impression(findings: Sequence[Finding], model: ModelVersion | None) -> str:
    """Return count and scores, in words; no interpretation beyond them."""
    if model is None:
        return "Not read: no suitable model."
    if not findings:
        return f"Not read: {MEANINGS[NOT_A_PHANTOM]}"
    positives = [f for f in findings if f.found]
    scoring = f"{model.name} {model.version} scored {_labels(len(findings))}"
    if not positives:
        return f"{scoring}; none at or above its operating point. Findings outside these labels were not looked for."
    list_text = ", ".join(f"{f.title} {f.score:.3f} (operating point {f.operating_point:.3f})" for f in positives)
    count = len(positives)
    return f"{scoring}; {count} at or above the operating point: {list_text}. Scores are not probabilities of disease."


def _labels(count: int) -> str:
    return f"{count} label" if count == 1 else f"{count} labels"


def _technique(facts: Mapping[str, Any]) -> str:
    """Return what the file says of itself in one line; what it does not say is left out."""
    phrases = [
        facts.get("format"),
        f"{facts['columns']} × {facts['rows']} pixels" if facts.get("rows") and facts.get("columns") else None,
        f"{facts['bits']} bits stored" if facts.get("bits") else None,
        f"{facts['frames']} frames" if facts.get("frames", 1) > 1 else None,
        facts.get("photometric"),
        *(_code(name, facts) for name in ("modality", "body_part", "view", "laterality")),
        _spacing(facts.get("pixel_spacing")),
    ]
    return "; ".join(str(each) for each in phrases if each)


def _code(name: str, facts: Mapping[str, Any]) -> str | None:
    """Return a code with its name, and that the header states more than it, where it does."""
    title, value, is_unclear = name.replace("_", " "), facts.get(name), name in facts.get("unclear", ())
    if not value:
        return f"{title} stated in no known code" if is_unclear else None
    return f"{title} {value}, beside other statements" if is_unclear else f"{title} {value}"


def _spacing(spacing: Sequence[float] | None) -> str | None:
    return f"pixel spacing {spacing[0]:g} × {spacing[1]:g} mm" if spacing else None


# From how many points (of 100) above the operating point a score counts as over, and as far over it.
OVER, FAR = 10, 40

FindingWithWords = tuple[Finding, LabelWords]


def friendly(
    findings: Sequence[Finding],
    model: ModelVersion | None,
    warnings: Sequence[str],
    *,
    own: "ModelTexts | None" = None,
) -> dict[str, Any]:
    """Return the friendly report, highest score first. It says what may be, never what is.

    Of a picture that may not be what the model reads it tells no finding, and advises no more than to see a doctor.
    `own`: what the model's folder says of its labels, instead of the packaged words.
    """
    if is_foreign(warnings):
        return {
            "summary": " ".join(_foreign_remarks(words(), warnings)),
            "findings": [],
            "next_steps": [words().phrases["steps"]["show_picture"]],
            "notice": NO_DIAGNOSIS if NOT_A_PHANTOM in warnings else _disclaimer(words(), model),
        }
    name = model.name if model else ""
    wording = words().with_own(name, own)
    positives = sorted((f for f in findings if f.found), key=lambda f: -f.score)
    findings_with_words = [(f, plain) for f in positives if not (plain := wording.of(name, f)).clear]
    return {
        "summary": " ".join(
            [
                *_demonstration(wording, model),
                _summary(wording, model, findings_with_words),
                *_remarks(wording, warnings),
            ]
        ),
        "findings": [_finding_words(wording, finding, plain) for finding, plain in findings_with_words],
        "next_steps": _next_steps(
            wording, model, [plain for _, plain in findings_with_words] or wording.clear_of(name)
        ),
        "notice": _disclaimer(wording, model),
    }


def _disclaimer(wording: Words, model: ModelVersion | None) -> str:
    if model is None:
        return disclaimer_of(None)
    phrases = wording.phrases["notice"]
    drawing_phrases = [phrases["drawings"]] if _is_demonstration(model) else []
    return " ".join([phrases["read"], *drawing_phrases, phrases["limits"], disclaimer_of(model.disclaimer)])


def _summary(wording: Words, model: ModelVersion | None, findings_with_words: Sequence[FindingWithWords]) -> str:
    if model is None:
        return str(wording.phrases["unread"])
    if not findings_with_words:
        return str(wording.phrases["none"])
    return str(wording.phrases["found"].format(things="; ".join(plain.title for _, plain in findings_with_words)))


def _demonstration(wording: Words, model: ModelVersion | None) -> list[str]:
    return [wording.phrases["demonstration"]] if _is_demonstration(model) else []


def _is_demonstration(model: ModelVersion | None) -> bool:
    """Tell whether the model reads drawings alone."""
    return model is not None and model.disclaimer == REFERENCE


def _foreign_remarks(wording: Words, warnings: Sequence[str]) -> list[str]:
    """Return why nothing is told of the picture, the plainest reason alone."""
    if NOT_A_PHANTOM in warnings:
        return [wording.phrases["not_a_phantom"]]
    return [*_remarks(wording, warnings), wording.phrases["foreign"]]


def _remarks(wording: Words, warnings: Sequence[str]) -> list[str]:
    """Return what a patient should know of how the picture was read; codes that mean nothing to one are left out."""
    return [wording.phrases["warnings"][code] for code in warnings if code in wording.phrases["warnings"]]


def _finding_words(wording: Words, finding: Finding, plain: LabelWords) -> dict[str, Any]:
    return {
        "label": finding.label,
        "title": plain.title[:1].upper() + plain.title[1:],
        "explanation": plain.explanation,
        "how_sure": _how_sure(wording, finding),
    }


def _how_sure(wording: Words, finding: Finding) -> str:
    above = 100 * (finding.score - finding.operating_point)
    place = "far" if above >= FAR else "over" if above >= OVER else "near"
    return str(
        wording.phrases["sure"].format(
            score=_points(finding.score),
            point=_points(finding.operating_point),
            place=wording.phrases["places"][place],
        )
    )


def _points(score: float) -> str:
    """Return the score in whole points of 100, from 1 to 99: rounded down, as no score is all or above its mark."""
    return f"{min(max(int(100 * score + 1e-9), 1), 99)}"


def _next_steps(wording: Words, model: ModelVersion | None, plain: Sequence[LabelWords]) -> list[str]:
    """Return what to do, the urgent first, nothing twice; after the urgent, steps of a drawing are an example."""
    steps = wording.phrases["steps"]
    own = [each.step for each in plain if each.step]
    nothing = [] if any(not each.clear for each in plain) else [steps["unwell"]]
    example = [steps["example"]] if _is_demonstration(model) else []
    urgent = wording.urgent_for(model.name if model else "")
    return list(dict.fromkeys([urgent, *example, *own, *nothing, steps["show"], steps["medicine"]]))
