"""tests/unit mirrors the source: `test_scans.py`, and `test_scans_….py` for one side of it, beside `scans.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def find_strays(root: Path) -> list[str]:
    """Return the test files below tests/unit that are named after no file or folder of the source."""
    unit = root / "tests" / "unit"
    files = sorted(file.relative_to(unit) for file in unit.rglob("test_*.py"))
    return [file.as_posix() for file in files if not _has_source(root, file)]


def _has_source(root: Path, file: Path) -> bool:
    subject = file.stem.removeprefix("test_")
    return any(subject == name or subject.startswith(f"{name}_") for name in _source_names(root, file.parent))


def _source_names(root: Path, folder: Path) -> Iterator[str]:
    """Yield the names in the source's folder of that path, where each layer is a root of its own."""
    for base in (root, *(root / "layers").glob("*/")):
        for path in (base / folder).glob("[!.]*"):
            if name := path.name.partition(".")[0].strip("_"):
                yield name


def test_every_unit_test_mirrors_a_file_or_folder_of_the_source() -> None:
    assert find_strays(ROOT) == []


@pytest.mark.parametrize(
    ("test", "stray"),
    [
        ("scanward/stores/test_scans.py", False),
        ("scanward/stores/test_scans_races.py", False),
        ("scanward/test_stores_no_scan.py", False),
        ("functions/auth/test_main.py", False),
        ("test_template.py", False),
        ("scanward/stores/test_scan.py", True),
        ("scanward/stores/test_scansraces.py", True),
        ("scanward/test_scans.py", True),
        ("stores/test_scans.py", True),
        ("test_scans.py", True),
    ],
)
def test_a_unit_test_whose_path_is_not_the_sources_is_a_stray(tmp_path: Path, test: str, stray: bool) -> None:
    for name in (
        "layers/core/scanward/stores/scans.py",
        "functions/auth/__main__.py",
        "template.yaml",
        f"tests/unit/{test}",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert find_strays(tmp_path) == ([test] if stray else [])
