"""Patient records: what a doctor saw, and what they make of it."""

from dataclasses import dataclass

from scanward.domain.writings import Writing


@dataclass(frozen=True, slots=True)
class Findings:
    """What a record says."""

    description: str
    diagnosis: str


Record = Writing[Findings]
