"""A result for a patient: what the picture may show, how clear that is, and what to do next."""

from collections.abc import Sequence
from typing import Any

from functions.inference.reading.words import LabelWords, Words, words
from scanward.domain.results import REFERENCE, Finding, ModelVersion, notice_of

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
        "notice": _notice(said, model),
    }


def _notice(said: Words, model: ModelVersion | None) -> str:
    if model is None:
        return notice_of(None)
    phrases = said.phrases["notice"]
    learned = [phrases["drawings"]] if model.notice == REFERENCE else []
    return " ".join([phrases["read"], *learned, phrases["limits"], notice_of(model.notice)])


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
