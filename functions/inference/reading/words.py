"""The plain words, kept as data: `words.json` beside this file, read when first needed and kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scanward.domain.results import Finding

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
