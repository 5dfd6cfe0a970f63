"""Builds the artefacts and deploys template.yaml with SAM, unless nothing has changed since the last time."""

import hashlib
import json
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.errors import UserError
from infra.local.clients import environment
from infra.local.paths import ROOT, STAMP, python, venv
from infra.local.stack import Stack, find_stack

console = Console(highlight=False)


@contextmanager
def step(doing: str, done_text: str, parts: int | None = None) -> Iterator[Callable[[], None]]:
    """Show `doing` with a bar over `parts` (a moving one when unknown); gives a function to call as each ends."""
    began = time.monotonic()
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn()]
    columns += [MofNCompleteColumn()] if parts else []
    progress = Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal)
    with progress as bar:
        task = bar.add_task(doing, total=parts)
        yield lambda: bar.advance(task)
    console.print(f"[green]✓[/] {done_text} [dim]{time.monotonic() - began:.1f} s[/]", soft_wrap=True)


INPUTS = (
    "functions",
    "infra/build",
    "infra/observability.yaml",
    "infra/openapi.json",
    "infra/sam",
    "layers/core/scanward",
    "layers/core/segments",
    "layers/model/imaging",
    "layers/model/models",
    "requirements",
    "samconfig.toml",
    "template.yaml",
)
ARTEFACTS = 13
RESOURCES = 83


@dataclass(frozen=True, slots=True)
class Deployment:
    """`folder`: for built artefacts, SAM's log and the note of what was deployed. `target`: as infra.build has it.

    `parameters`: of the template, such as `Name=value`, besides those that samconfig.toml has for local stacks.
    """

    endpoint: str
    folder: Path
    target: str = "local"
    parameters: tuple[str, ...] = ()

    @property
    def log(self) -> Path:
        return self.folder / "deploy.log"

    @property
    def note(self) -> Path:
        return self.folder / "deployed.json"


def deploy(deployment: Deployment) -> Stack:
    """Return the stack as the tree describes it. Raises UserError, with the end of SAM's log, when SAM fails."""
    current = {"inputs": _digest(), "target": deployment.target}
    standing = find_stack(deployment.endpoint)
    if standing and _stored_digest(deployment) == {**current, "stack": standing.id}:
        return standing
    deployment.log.unlink(missing_ok=True)
    build = deployment.folder / "build"
    sam = ["build", "--config-env", "local", "--build-dir", str(build)]
    with step("Building", "Layers and functions are built", ARTEFACTS) as one_more:
        _sam(deployment, sam, lambda line: "CustomMakeBuilder" in line and one_more())
    sam = ["deploy", "--config-env", "local", "--config-file", str(ROOT / "samconfig.toml")]
    sam += ["--template-file", str(build / "template.yaml"), "--parameter-overrides", *_parameters(deployment)]
    with step("Deploying", "The stack is deployed", RESOURCES) as one_more:
        _sam(deployment, sam, lambda line: "_COMPLETE" in line and one_more())
    stack = find_stack(deployment.endpoint)
    if stack is None:
        raise UserError("SAM deployed, but the stack is not there.", f"See {deployment.log}")
    deployment.note.write_text(json.dumps({**current, "stack": stack.id}))
    return stack


def _parameters(deployment: Deployment) -> list[str]:
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return [*samconfig["local"]["deploy"]["parameters"]["parameter_overrides"], *deployment.parameters]


def _stored_digest(deployment: Deployment) -> object:
    try:
        return json.loads(deployment.note.read_text())
    except (OSError, ValueError):
        return None


def _digest() -> str:
    # The layers' wheels are those of the cloud's interpreter.
    digest = hashlib.sha256((venv("cloud") / STAMP).read_bytes())
    for file in sorted(_inputs()):
        digest.update(f"{file.relative_to(ROOT)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    for name in INPUTS:
        path = ROOT / name
        if path.is_file():
            yield path
        else:
            yield from (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _sam(deployment: Deployment, arguments: list[str], on_line: Callable[[str], object]) -> None:
    env = environment(deployment.endpoint) | {
        "PYTHON": str(python("cloud")),
        "TARGET": deployment.target,
        "SAM_CLI_TELEMETRY": "0",
    }
    command = [str(python("deploy")), "-m", "samcli", *arguments]
    with (
        deployment.log.open("a") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as sam,
    ):
        for line in sam.stdout or ():
            log.write(line)
            on_line(line)
    if sam.returncode:
        last = "\n".join(line for line in deployment.log.read_text().splitlines()[-15:] if line.strip())
        raise UserError(f"sam {arguments[0]} failed:\n{last}", f"All of it is in {deployment.log}")
