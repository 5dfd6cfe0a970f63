"""The table of sources in docs/knowledge.md, made from the data; run as a script, this rewrites it."""

import json
from pathlib import Path

from scanward.treatment.knowledge import FOLDER, Knowledge, Source, knowledge

PAGE = Path(__file__).resolve().parents[2] / "docs" / "knowledge.md"
START, END = "<!-- sources: start -->", "<!-- sources: end -->"


def table(known: Knowledge) -> str:
    """Return one line for each source, with what rests on it."""
    lines = ["| source | publisher, year | rests on it |", "| --- | --- | --- |"]
    for key, source in known.sources.items():
        told = f"[{source.title}]({source.url}), {source.identifier}"
        lines.append(f"| {told} | {source.publisher}, {source.year} | {', '.join(_resting(known, key, source))} |")
    return "\n".join(lines)


def _resting(known: Knowledge, key: str, source: Source) -> list[str]:
    """Models' labels, and symptoms with an asterisk."""
    symptoms = json.loads((FOLDER / "symptoms.json").read_text(encoding="utf-8"))
    labels = [f"{entry.model}: {entry.label}" for entry in known.entries if source in entry.sources]
    urgent = [f"{each['when']['symptom']}\\*" for each in symptoms["urgent"] if key in each["sources"]]
    return [*labels, *dict.fromkeys(urgent)]


def written(page: str, known: Knowledge) -> str:
    """Return the page with the table between its marks."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(known)}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), knowledge()), encoding="utf-8")
