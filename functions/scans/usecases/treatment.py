"""Treatment suggestions for the findings of a finished analysis."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.tasks import read_task
from scanward.domain.accounts import Actor
from scanward.domain.results import DISCLAIMER, KNOWLEDGE, MEANINGS, NOT_A_PHANTOM, REFERENCE, is_foreign
from scanward.domain.tasks import TaskClosed, TaskNotFinished
from scanward.treatment.suggestions import Suggestion, disclaimer, red_flags, suggest


@dataclass(frozen=True, slots=True)
class TreatmentCase:
    """A finished analysis, and what is said of the person. `age` in years; None where nothing was said."""

    task: str
    symptoms: str | None
    age: int | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class Advice:
    """`red_flags`: what the symptoms alone call for at once. `reason`: why there are no suggestions, if so."""

    suggestions: Sequence[Suggestion]
    red_flags: Sequence[str]
    disclaimer: str
    reason: str | None


def suggest_treatment(deps: ScanDeps, actor: Actor, case: TreatmentCase) -> Advice:
    """Return what clinicians consider for what was found; nothing for a picture that may not be what the model reads.

    Raises NotFound; TaskNotFinished, or TaskClosed with its state, unless the task is completed.
    """
    task = read_task(deps, actor, case.task)
    if not task.is_final:
        raise TaskNotFinished
    if task.result is None:
        raise TaskClosed(task.status)
    model = (task.result["model"] or {}).get("name")
    warnings = task.result.get("warnings", ())
    foreign = is_foreign(warnings)
    labels_with_scores = [
        (finding["label"], finding["score"]) for finding in task.result["findings"] if finding["found"] and not foreign
    ]
    suggestions = suggest(
        labels_with_scores, case.symptoms, case.age, case.sex, model=model, own=task.result.get(KNOWLEDGE)
    )
    notice = _disclaimer(task.result["notice"]) if model and not foreign else None
    return Advice(
        suggestions,
        red_flags(case.symptoms, case.age, case.sex),
        disclaimer(notice),
        None if suggestions else _reason(warnings, model),
    )


def _reason(warnings: Sequence[str], model: str | None) -> str:
    """Return why there is nothing to suggest, in one sentence."""
    flags = [code for code in warnings if is_foreign([code])]
    if NOT_A_PHANTOM in flags:
        return MEANINGS[NOT_A_PHANTOM]
    if flags:
        return f"Nothing is suggested: {MEANINGS[flags[0]]}"
    if model is None:
        return "No model read the image, so nothing is suggested."
    return "Nothing that this service has suggestions for was found."


def _disclaimer(notice: str) -> str:
    """Return what the card of the model that read the image says of it, as a sentence."""
    if notice == DISCLAIMER:
        return f"The image was read by a {REFERENCE}."
    return f"About the model that read the image: {notice}"
