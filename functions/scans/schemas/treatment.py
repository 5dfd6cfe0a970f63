"""Treatment suggestions as contract B spells them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from functions.scans.usecases.treatment import Advice, Case
from scanward.web.fields import Body, Out, Printable


class TreatmentBody(Body):
    """`POST /xray/suggest-treatment`. What is not said of the person is not guessed."""

    analysis_task_id: Annotated[str, StringConstraints(min_length=1, max_length=2048), Printable]
    symptoms: Annotated[str, StringConstraints(max_length=4000), Printable] | None = None
    patient_age: Annotated[int, Field(ge=0, le=150)] | None = None
    patient_gender: Annotated[str, StringConstraints(max_length=40), Printable] | None = None

    def case(self) -> Case:
        """The case that is meant."""
        return Case(self.analysis_task_id, self.symptoms, self.patient_age, self.patient_gender)


class SourceOut(Out):
    """Where a suggestion is taken from."""

    title: str
    publisher: str
    year: int
    identifier: str
    url: str


class SuggestionOut(Out):
    """What clinicians consider for one finding. `confidence`: the model's score, in 0…1."""

    condition: str
    confidence: float
    treatment: str
    precautions: str
    sources: list[SourceOut]
    red_flags: list[str]


class TreatmentOut(Out):
    """Suggestions, the most likely finding first. `red_flags`: what the symptoms alone call for."""

    suggestions: list[SuggestionOut]
    disclaimer: str
    red_flags: list[str]

    @classmethod
    def of(cls, advice: Advice) -> "TreatmentOut":
        made = [SuggestionOut.model_validate(suggestion.to_dict()) for suggestion in advice.suggestions]
        return cls(suggestions=made, disclaimer=advice.disclaimer, red_flags=list(advice.red_flags))
