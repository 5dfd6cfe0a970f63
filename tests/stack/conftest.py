"""One embedded cloud for the whole session, with the stack deployed; a fresh patient for each test that wants one."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from infra.local.clients import environment
from infra.local.stack import find_stack
from tests.stack.calls import client_of, data, fresh_email
from tests.stack.embedded import Stack, deploy, embedded_cloud, room
from tests.stack.visitor import Visitor
from tests.support.client import ApiClient
from tests.support.cloud import ROOT

CREATE = "import sys; from infra.operations import stack as s; print(s.create_administrator(*sys.argv[1:]))"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Provide the deployed stack; it ends with the session."""
    with room(tmp_path_factory.mktemp("stack")) as folder, embedded_cloud(folder) as endpoint:
        yield deploy(endpoint, folder)


@pytest.fixture
def patient(stack: Stack) -> Iterator[Visitor]:
    """Provide a patient who has signed in."""
    visitor = Visitor(stack)
    yield visitor
    visitor.close()


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Visitor]:
    """Provide another one, who has nothing to do with the first."""
    visitor = Visitor(stack)
    yield visitor
    visitor.close()


@pytest.fixture(scope="session")
def truth() -> dict[str, dict[str, list[float]]]:
    """Provide what was drawn on each sample: label → box, as fractions of width and height."""
    drawn: dict[str, dict[str, list[float]]] = json.loads((ROOT / "samples" / "truth.json").read_text())
    return drawn


@pytest.fixture
def anybody(stack: Stack) -> Iterator[ApiClient]:
    """Provide a client that has not signed in."""
    with client_of(stack) as client:
        yield client


@pytest.fixture(scope="module")
def administrator_login(stack: Stack) -> dict[str, str]:
    """Provide the email and password of an administrator, whom no contract registers."""
    found = find_stack(stack.endpoint)
    assert found
    email = fresh_email()
    command = [sys.executable, "-c", CREATE, found.outputs["AccountsTableName"], email]
    made = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment(stack.endpoint), capture_output=True, text=True, timeout=60, check=True
    )
    return {"email": email, "password": made.stdout.strip()}


@pytest.fixture(scope="module")
def administrator(stack: Stack, administrator_login: dict[str, str]) -> Iterator[ApiClient]:
    """Provide an administrator who has signed in."""
    with client_of(stack) as client:
        login = client.form("/auth/login", administrator_login)
        yield client.signed_in(data(login)["access_token"])
