"""Which tests touch a file: `python -m tests.support.selection FILE` prints them, for `make test-for FILE=`.

Those of its name, whichever layer they test, since an aggregate has one file a layer; and those that import it,
themselves or through what tests share.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def select_tests(file: Path) -> list[Path]:
    """Return the test files for a Python file of the tree, without the stack's, which take minutes.

    Raises ValueError, in words for a developer, when there is no such file or no test imports it.
    """
    relative = (file if file.is_absolute() else ROOT / file).resolve().relative_to(ROOT)
    if relative.suffix != ".py" or not (ROOT / relative).is_file():
        raise ValueError(f"There is no Python file {relative}.")
    if relative.name.startswith("test_"):
        return [relative]
    module, tests = _module(relative), [path for path in _files("tests") if "stack" not in path.parts]
    imports = {path: set(_imports(path)) for path in tests}
    reached = {module}
    while more := {_module(path) for path in tests if path.name[:5] != "test_" and imports[path] & reached} - reached:
        reached |= more
    selected = [
        path for path in tests if path.name.startswith("test_") and (imports[path] & reached or _is_of(path, relative))
    ]
    if not selected:
        raise ValueError(f"No test outside of tests/stack imports {relative}: run make test.")
    return selected


def _is_of(test: Path, file: Path) -> bool:
    name = f"test_{file.stem}"
    return test.parts[:2] == ("tests", "unit") and (test.stem == name or test.stem.startswith(f"{name}_"))


def _files(folder: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    parts = parts[2:] if parts[0] == "layers" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def main(arguments: list[str]) -> int:
    """Print the tests of the one file that is named; 1, with the reason, when there are none."""
    try:
        [name] = arguments
        sys.stdout.writelines(f"{test}\n" for test in select_tests(Path(name)))
    except ValueError as error:
        sys.stderr.write(f"{error if len(arguments) == 1 else 'Name one file: make test-for FILE=path'}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
