"""Writes docs/policy.md from the policy itself; `--check` only tells whether it is stale.

python -m infra.policy [--check]
"""

import argparse
import sys
from pathlib import Path

from scanward.domain.accounts import PROFESSIONALS, Actor, Role
from scanward.domain.policy import Action, Relation, Resource, allows

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "policy.md"
ME, PATIENT = 1, 2
NAMES = {
    Relation.SELF: "self",
    Relation.CARE_LINK: "link",
    Relation.DEPARTMENT: "department",
    Relation.BREAK_GLASS: "broken glass",
    Relation.ASKED: "asked",
}
HEAD = """# Who may do what

Written by `python -m infra.policy` from `layers/core/scanward/domain/policy.py`; a test compares the two, and another
holds every cell against a table of its own.

Each cell says what the caller must be to the patient whose data it is about: **self**, the patient; **link**, let in by
the patient; **department**, a doctor of a department that the patient is in; **broken glass**, an approved doctor who
gave a reason and looks for an hour; **asked**, a doctor whom the patient's question went to, which opens that question
alone. **All**: any of these and none of them. A dash: no account. Every read or change of another person's data is
in their access log.

A patient who withdraws from a professional has refused them: no department opens the patient's data to them, until
the patient lets them in anew. A doctor admits patients by their own link; who has left a department comes back only by
a link that is newer than that, whoever asks.
"""


def render() -> str:
    """Return the page as it should be."""
    approved_table = _table(list(Role), is_approved=True)
    professionals = [role for role in Role if role in PROFESSIONALS]
    waiting = _table(professionals, is_approved=False)
    refused = _table(professionals, is_approved=False, is_refused=True)
    parts = [HEAD, "## Approved professionals, and everybody else", "", approved_table]
    parts += ["## Professionals at whom no administrator has looked yet", "", waiting]
    parts += ["## Professionals who were refused, or are approved no longer", "", refused]
    return "\n".join(parts)


def _table(roles: list[Role], *, is_approved: bool, is_refused: bool = False) -> str:
    lines = [_row("action", [role.value.lower() for role in roles]), _row("---", ["---"] * len(roles))]
    for action in Action:
        cells = [_cell(Actor(ME, role, is_approved, "session", is_refused=is_refused), action) for role in roles]
        lines.append(_row(action.value.lower().replace("_", " "), cells))
    return "\n".join(lines) + "\n"


def _row(name: str, cells: list[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"


def _cell(actor: Actor, action: Action) -> str:
    relations = [relation for relation in Relation if allows(actor, action, _resource(relation))]
    if Relation.NONE in relations:
        return "all" if Relation.SELF in relations else "all but self"
    return ", ".join(NAMES[relation] for relation in relations) or "–"


def _resource(relation: Relation) -> Resource:
    return Resource(ME, Relation.NONE) if relation is Relation.SELF else Resource(PATIENT, relation)


def main() -> int:
    """Write or check; 1 when the file is stale."""
    parser = argparse.ArgumentParser(description="Write docs/policy.md from the policy.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is stale")
    if not parser.parse_args().check:
        TARGET.write_text(render())
        return 0
    if TARGET.exists() and TARGET.read_text() == render():
        return 0
    print("docs/policy.md is stale: run `python -m infra.policy` and commit it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
