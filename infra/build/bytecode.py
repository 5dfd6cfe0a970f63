"""Compiles artefacts ahead: where nothing can be written beside the sources, every cold start would do it again."""

import shutil
import subprocess
import sys
from pathlib import Path

from infra.build.refusal import BuildRefused
from infra.build.target import AWS_PYTHON, Target


def compile_below(folder: Path, target: Target) -> None:
    """Writes bytecode for the target's Python, trusted unchecked, without a path of this machine in it.

    Without such a Python at hand the artefact goes without: it starts more slowly, and is whole. Raises BuildRefused.
    """
    python = _interpreter(target)
    if python is None:
        print(f"no python{AWS_PYTHON} here: the artefact goes without bytecode and starts more slowly", flush=True)
        return
    command = [
        python,
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        str(folder),
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildRefused(f"compiling failed:\n{done.stdout}{done.stderr}")


def _interpreter(target: Target) -> str | None:
    if target is Target.LOCAL or f"{sys.version_info.major}.{sys.version_info.minor}" == AWS_PYTHON:
        return sys.executable
    found = shutil.which(f"python{AWS_PYTHON}")
    if found is None:
        return None
    asked = subprocess.run([found, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=False)
    return found if asked.returncode == 0 else None
