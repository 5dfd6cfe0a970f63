"""docs/security.md names a test for each attack, and each test that it names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cloud import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[^`:]*)(?:::([^`]*))?`")


def missing_tests(page: str, root: Path) -> Iterator[str]:
    """Yield the tests that the page names and that are not there: files, functions, files without a test."""
    for path, name in NAMED.findall(page):
        if not any(found.startswith("test_") and name in ("", found) for found in functions(root / path)):
            yield f"{path}::{name}"


def functions(file: Path) -> list[str]:
    """Return the names of a file's functions, none of a file that is not there."""
    tree = ast.parse(file.read_text(encoding="utf-8") if file.is_file() else "")
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def attacks(page: str) -> list[list[str]]:
    """Return the cells of each row below the heading of attacks."""
    section = page.partition("\n## Attacks")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return [cells for cells in rows if cells[0] != "attack" and set(cells[0]) != {"-"}]


def test_each_test_that_the_page_names_is_there() -> None:
    assert list(missing_tests(PAGE, ROOT)) == []


def test_each_attack_has_an_answer_and_a_test() -> None:
    rows = attacks(PAGE)
    assert len(rows) > 30
    assert [row for row in rows if len(row) != 3 or not row[1] or not NAMED.search(row[2])] == []


@pytest.mark.parametrize(
    "gone",
    [
        "tests/unit/docs/test_gone.py",
        "tests/unit/docs/test_security.py::test_gone",
        "tests/unit/docs/test_security.py::attacks",
        "tests/unit/docs",
        "tests/support/cloud.py",
    ],
)
def test_a_test_that_is_gone_is_told(gone: str) -> None:
    assert len(list(missing_tests(f"| an attack | 401 | `{gone}` |", ROOT))) == 1
