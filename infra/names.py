"""Count names that are bare participles: `python -m infra.names [FOLDER …]` lists them by file.

A reader cannot tell what `found` or `kept` is: a task, an account, a text? Names are nouns, functions are verb and
object. docs/glossary.md has the words of this project.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("functions", "layers", "infra", "bench")
AT_MOST = 5.0
"""Bare participles of 1,000 bound names."""

_WORDS = """
    been begun bound broken brought built bought caught chosen come cut done drawn driven eaten fallen felt found
    forgotten given gone grown heard held hidden kept known laid led left lent let lost made meant met paid put
    read ridden risen run said seen sent set shown shut sold spent spelt split spoken stood stolen struck sunk
    swept sworn taken taught thought thrown told torn understood withdrawn won worn written
"""
IRREGULAR = frozenset(_WORDS.split())
NOUNS = frozenset({"cut", "put", "read", "run", "set", "let", "left", "come", "split", "shut", "lead"})
"""These are verbs or nouns as well; a function may be called `read` or `put`, and `left` is a side."""
ONE_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
REGULAR = re.compile(r"[a-z]{2,}[^e]ed")
NOT_PARTICIPLES = frozenset({"seed", "speed", "need", "feed", "embed", "shed", "bed", "hundred", "sacred", "limited"})


@dataclass(frozen=True)
class Tally:
    """How many names a file binds, and which of them are bare participles."""

    file: Path
    names: int
    participles: Counter[str]


def is_bare_participle(name: str) -> bool:
    """Tell whether a name is one word, and that word a past participle."""
    word = name.strip("_")
    if not ONE_WORD.fullmatch(word):
        return False
    word = word.lower()
    if word in NOUNS or word in NOT_PARTICIPLES:
        return False
    return word in IRREGULAR or bool(REGULAR.fullmatch(word))


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Yield each name that the code binds: functions, classes, parameters, fields, variables, aliases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def tally(files: Sequence[Path]) -> list[Tally]:
    """Count the names of each file."""
    tallies = []
    for file in files:
        names = list(bound_names(ast.parse(file.read_text())))
        tallies.append(Tally(file, len(names), Counter(name for name in names if is_bare_participle(name))))
    return tallies


def per_thousand(tallies: Sequence[Tally]) -> float:
    """Return the bare participles of 1,000 names."""
    names = sum(one.names for one in tallies)
    return 1000 * sum(one.participles.total() for one in tallies) / names if names else 0.0


def source_files(folders: Sequence[str] = SOURCES) -> list[Path]:
    """Return the Python files that git knows below these folders."""
    output = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in output.splitlines() if name.startswith(tuple(folders)) and (ROOT / name).exists()]


def main(folders: Sequence[str]) -> int:
    """List the files with bare participles, the worst first, and the share of all; 1 when it is too large."""
    tallies = tally(source_files(folders or SOURCES))
    for one in sorted(tallies, key=lambda one: -one.participles.total()):
        if one.participles:
            words = ", ".join(f"{word} {count}" for word, count in one.participles.most_common())
            print(f"{one.participles.total():4d} of {one.names:4d}  {one.file.relative_to(ROOT)}  {words}")
    share = per_thousand(tallies)
    print(f"{share:.1f} bare participles of 1,000 names; {AT_MOST:.0f} at most")
    return int(share >= AT_MOST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
