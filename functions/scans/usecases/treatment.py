"""Treatment suggestions for the findings of a finished analysis."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.tasks import read_task
from scanward.domain.accounts import Actor
from scanward.domain.results import DISCLAIMER, REFERENCE
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
    """`red_flags`: what the symptoms alone call for at once."""

    suggestions: Sequence[Suggestion]
    red_flags: Sequence[str]
    disclaimer: str


def suggest_treatment(deps: ScanDeps, actor: Actor, case: TreatmentCase) -> Advice:
    """Return what clinicians consider for what was found.

    Raises NotFound; TaskNotFinished, or TaskClosed with its state, unless the task is completed.
    """
    task = read_task(deps, actor, case.task)
    if not task.is_final:
        raise TaskNotFinished
    if task.result is None:
        raise TaskClosed(task.status)
    labels_with_scores = [
        (finding["label"], finding["score"]) for finding in task.result["findings"] if finding["found"]
    ]
    model = (task.result["model"] or {}).get("name")
    suggestions = suggest(labels_with_scores, case.symptoms, case.age, case.sex, model=model)
    notice = _disclaimer(task.result["notice"]) if model else None
    return Advice(suggestions, red_flags(case.symptoms, case.age, case.sex), disclaimer(notice))


def _disclaimer(notice: str) -> str:
    """Return the disclaimer of the model that the findings come from, as its card says."""
    if notice == DISCLAIMER:
        return f"The findings come from a {REFERENCE}."
    return f"About the model that the findings come from: {notice}"
