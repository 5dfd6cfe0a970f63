"""How the source is cut and named: sizes of files, names that are nouns, calls whose arguments cannot be swapped."""

import ast
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from infra.names import AT_MOST, ROOT, is_bare_participle, per_thousand, source_files, tally

POSITIONAL = 4
"""Arguments that a call may leave unnamed."""


def test_source_files_are_few_and_short() -> None:
    lines = sorted(len(file.read_text().splitlines()) for file in source_files() if file.name != "__init__.py")
    # 250 when the house was cut; the gates of the models, seals of access logs, notifications and arrivals came since.
    assert len(lines) <= 295
    assert statistics.quantiles(lines, n=20)[-1] <= 320
    assert lines[-1] <= 450


def test_folders_have_about_twenty_files() -> None:
    folders = Counter(file.parent for file in source_files() if file.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > 25} == {}


def test_names_of_the_source_are_seldom_bare_participles() -> None:
    assert per_thousand(tally(source_files())) < AT_MOST


@pytest.mark.parametrize("name", ["found", "_kept", "SAID", "wanted", "Refused", "shown_"])
def test_bare_participle_is_recognised(name: str) -> None:
    assert is_bare_participle(name)


@pytest.mark.parametrize("name", ["task", "read_account", "found_tasks", "left", "run", "seed", "is_active", "_", "x"])
def test_other_name_is_no_bare_participle(name: str) -> None:
    assert not is_bare_participle(name)


def test_tally_counts_every_kind_of_binding(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(
        "import re as found\n"
        "class Lost:\n"
        "    kept: int = 0\n"
        "def given(told, *, meant):\n"
        "    for seen in told:\n"
        "        self.sent = [shown for shown in seen]\n"
        "    try: pass\n"
        "    except ValueError as refused: pass\n"
        "    return (held := meant)\n"
    )
    [counted] = tally([file])
    assert counted.names == 11
    assert set(counted.participles) == {
        *("found", "Lost", "kept", "given", "told", "meant", "seen", "sent", "shown", "refused", "held")
    }
    assert per_thousand([counted]) == 1000


def test_calls_name_their_arguments_beyond_the_fourth() -> None:
    trees = {
        file: ast.parse(file.read_text()) for file in source_files(("functions", "layers", "infra", "bench", "tests"))
    }
    parameters = _parameters(trees)
    unnamed = [
        f"{file.relative_to(ROOT)}:{call.lineno} {ast.unparse(call.func)}"
        for file, tree in trees.items()
        for call in _long_calls(tree)
        if any(len(names) >= len(call.args) for names in parameters[_called(call)])
    ]
    assert unnamed == []


def test_long_call_is_recognised() -> None:
    source = "def move(a, b, c, d, e): ...\nmove(1, 2, 3, 4, 5)\nmove(1, 2, 3, 4, e=5)\nmove(a=1, b=2, c=3, d=4, e=5)\n"
    tree = ast.parse(source)
    assert [call.lineno for call in _long_calls(tree)] == [2]
    assert _parameters({Path("x"): tree})["move"] == [["a", "b", "c", "d", "e"]]


def test_no_module_of_the_source_imports_in_a_circle() -> None:
    files = {_module(file): file for file in source_files()}
    assert list(_circles({module: set(_imported(file, files)) for module, file in files.items()})) == []


def test_circle_of_imports_is_recognised() -> None:
    assert list(_circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()})) == [["a", "b", "c", "a"]]


def _circles(imports: Mapping[str, set[str]]) -> Iterator[list[str]]:
    finished: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> Iterator[list[str]]:
        if module in path:
            yield [*path[path.index(module) :], module]
        elif module not in finished:
            for other in sorted(imports.get(module, ())):
                yield from visit(other, (*path, module))
            finished.add(module)

    for module in sorted(imports):
        yield from visit(module, ())


def _long_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > POSITIONAL and not any(map(_is_starred, node.args)):
            yield node


def _is_starred(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Starred)


def _called(call: ast.Call) -> str:
    return re.split(r"\W", ast.unparse(call.func))[-1]


def _parameters(trees: Mapping[Path, ast.AST]) -> dict[str, list[list[str]]]:
    """Return the positional parameters of our functions and classes, by name; of one with *args there are none."""
    parameters: dict[str, list[list[str]]] = defaultdict(list)
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.vararg is None:
                names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
                parameters[node.name].append(names[1:] if names[:1] in (["self"], ["cls"]) else names)
            elif isinstance(node, ast.ClassDef):
                fields = [field.target for field in node.body if isinstance(field, ast.AnnAssign)]
                parameters[node.name].append([field.id for field in fields if isinstance(field, ast.Name)])
    return parameters


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    parts = parts[2:] if parts[0] == "layers" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(file: Path, modules: Collection[str]) -> Iterator[str]:
    """Yield the modules that a file imports when it is itself imported; what functions import later makes no circle."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
