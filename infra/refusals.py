"""Writes docs/refusals.md: the sentences that a refused image is answered with; `--check` tells whether it is stale.

python -m infra.refusals [--check]
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from segments import EXPLANATIONS

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "refusals.md"
LAYER = ROOT / "layers" / "model"
REASONS = {"bad_input": "BAD_INPUT", "too_large": "TOO_LARGE", "unsupported_format": "UNSUPPORTED"}
"""The functions of `imaging.errors` that make a refusal, and its reason."""
LISTS = {"foreign": EXPLANATIONS}
"""Arguments that are one of several sentences, by their name."""
HEAD = """# Why an image is refused

Written by `python -m infra.refusals` from the reader itself; a test compares the two.

A task that fails carries a reason of a closed list, and one of these sentences: polled, pushed, and in the scan's own
answer. They are ours: where braces stand a number, a format or a name of ours is put, never a byte of the file, so that
nothing of a person gets into them. A retry of the same file ends the same way.
"""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield (reason, sentence) of each refusal in the reader's source; values of an image stand in braces."""
    for path in sorted((LAYER / "imaging").rglob("*.py")):
        module = import_module(".".join(path.relative_to(LAYER).with_suffix("").parts).removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REASONS:
                reason, argument = REASONS[node.func.id], node.args[0]
                listed_sentences = LISTS.get(ast.unparse(argument)) or (sentence_of(argument, module),)
                yield from ((reason, sentence) for sentence in listed_sentences)


def sentence_of(argument: ast.expr, module: ModuleType) -> str:
    """Return the text of a refusal's argument, a module's constants put in.

    Raises ValueError unless it is written out where it is raised.
    """
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if not isinstance(argument, ast.JoinedStr):
        raise ValueError(f"Not a sentence that can be listed: {ast.unparse(argument)}")
    return "".join(_part(value, module) for value in argument.values)


def _part(value: ast.expr, module: ModuleType) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    name = ast.unparse(value.value) if isinstance(value, ast.FormattedValue) else ast.unparse(value)
    return f"{getattr(module, name):,}" if name.isupper() else f"{{{name}}}"


def render() -> str:
    """Return the page as it should be."""
    listed_sentences = sorted(set(sentences()))
    parts = [HEAD]
    for reason in REASONS.values():
        parts += [f"## {reason}", ""]
        parts += [f"- {sentence}" for one, sentence in listed_sentences if one == reason]
        parts += [""]
    return "\n".join(parts)


def main() -> int:
    """Write or check; 1 when the file is stale."""
    parser = argparse.ArgumentParser(description="Write docs/refusals.md from the reader.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is stale")
    if not parser.parse_args().check:
        TARGET.write_text(render())
        return 0
    if TARGET.read_text() == render():
        return 0
    sys.stderr.write("docs/refusals.md is stale: run python -m infra.refusals\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
