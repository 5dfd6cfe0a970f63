"""One embedded cloud for the whole session, with the stack deployed; a fresh patient for each test that wants one."""

import json
from collections.abc import Iterator

import pytest

from tests.cloud import ROOT
from tests.stack.embedded import Stack, deploy, embedded_cloud
from tests.stack.visitor import Visitor


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The deployed stack; it ends with the session."""
    folder = tmp_path_factory.mktemp("stack")
    with embedded_cloud(folder) as endpoint:
        yield deploy(endpoint, folder)


@pytest.fixture
def patient(stack: Stack) -> Iterator[Visitor]:
    """A patient who has signed in."""
    visitor = Visitor(stack)
    yield visitor
    visitor.close()


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Visitor]:
    """Another one, who has nothing to do with the first."""
    visitor = Visitor(stack)
    yield visitor
    visitor.close()


@pytest.fixture(scope="session")
def truth() -> dict[str, dict[str, list[float]]]:
    """What was drawn on each sample: label → box, as fractions of width and height."""
    drawn: dict[str, dict[str, list[float]]] = json.loads((ROOT / "samples" / "truth.json").read_text())
    return drawn
