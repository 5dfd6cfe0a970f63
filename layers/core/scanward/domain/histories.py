"""Medical histories: the operations that a patient has had."""

from dataclasses import dataclass

from scanward.domain.writings import Writing


@dataclass(frozen=True, slots=True)
class Surgery:
    """What an entry of a history says."""

    name: str
    description: str


History = Writing[Surgery]
