"""Tables: drawn on a terminal, as Markdown anywhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table

from bench.timing import Spread

MET, MISSED = "met", "MISSED"


@dataclass(frozen=True)
class Report:
    """One table. A row's last cell is its verdict: `met`, `MISSED`, or nothing where there is no budget."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())

    @property
    def misses(self) -> int:
        return sum(row[-1] == MISSED for row in self.rows)


def show(console: Console, report: Report) -> None:
    """Print a table and its notes."""
    if console.is_terminal:
        _draw(console, report)
    else:
        print(markdown(report), flush=True)


def markdown(report: Report) -> str:
    """Return the table as GitHub renders it."""
    lines = [f"### {report.title}", "", _line(report.columns), _line(["---", *["---:"] * (len(report.columns) - 1)])]
    lines += [_line(row) for row in report.rows]
    lines += ["", *report.notes, ""] if report.notes else [""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _draw(console: Console, report: Report) -> None:
    table = Table(title=report.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for index, column in enumerate(report.columns):
        table.add_column(column, justify="right" if index else "left")
    for row in report.rows:
        table.add_row(*row, style="bold red" if row[-1] == MISSED else None)
    console.print(table)
    for note in report.notes:
        console.print(f"  {note}", style="dim", markup=False, highlight=False)


def times(ratio: Spread) -> str:
    """Return a ratio with its quartiles."""
    return f"{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"


def verdict(value: float, at_most: float) -> str:
    """Judge a value against a budget, in two digits: more than these mean nothing here."""
    return MET if round(value, 2) <= at_most else MISSED
