"""Locked wheels, installed into a folder once for each lock and target, with bytecode compiled ahead.

Where nothing can be written beside the sources, every cold start would compile them again.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

from infra.errors import UserError
from infra.local.environments import ensure
from infra.local.paths import LOCAL, ROOT
from infra.local.uv import configure_uv, redact

CACHE = LOCAL / "cache"


def lock(name: str) -> Path:
    """Return the lock file `requirements/<name>.txt`."""
    return ROOT / "requirements" / f"{name}.txt"


AWS_PYTHON = "3.13"


class Target(Enum):
    """Whose wheels: AWS's python3.13 on x86_64, or those of the interpreter that runs the build."""

    AWS = "aws"
    LOCAL = "local"


def compile_below(folder: Path, target: Target) -> None:
    """Write bytecode for the target's Python, trusted unchecked, without a path of this machine in it.

    Without such a Python at hand the artefact goes without: it starts more slowly, and is whole. Raises UserError.
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
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise UserError(f"compiling failed:\n{process.stdout}{process.stderr}")


def _interpreter(target: Target) -> str | None:
    if target is Target.LOCAL or f"{sys.version_info.major}.{sys.version_info.minor}" == AWS_PYTHON:
        return sys.executable
    path = shutil.which(f"python{AWS_PYTHON}")
    if path is None:
        return None
    process = subprocess.run([path, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=False)
    return path if process.returncode == 0 else None


# AWS's python3.13 has glibc 2.34, on which wheels for 2.28 and older run.
AWS_PLATFORM = "x86_64-manylinux_2_28"


def install_wheels(locks: Sequence[Path], target: Target, trim: Callable[[Path], None]) -> Path:
    """Return a folder with the locked packages, trimmed and compiled; from the cache unless anything changed.

    Raises UserError when uv fails.
    """
    folder = CACHE / f"{locks[0].stem}-{target.value}-{_key(locks, target)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{locks[0].stem}-{target.value}.lock").open("w") as turn:
        # Two builds at once, of `make run` and `make test` say: the second waits and takes what the first has made.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(locks, target, trim, folder)
    return folder


def _install(locks: Sequence[Path], target: Target, trim: Callable[[Path], None], folder: Path) -> None:
    """Fill `folder`, which shows up whole or not at all, and remove what it replaces."""
    fresh = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    print(f"installing {', '.join(lock.stem for lock in locks)} for {target.value} …", flush=True)
    _install_packages(locks, target, fresh)
    trim(fresh)
    compile_below(fresh, target)
    for old in CACHE.glob(f"{locks[0].stem}-{target.value}-*"):
        if old != fresh:
            shutil.rmtree(old)
    fresh.rename(folder)


def _key(locks: Sequence[Path], target: Target) -> str:
    digest = hashlib.sha256()
    for part in (*locks, *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(part.read_bytes())
    if target is Target.LOCAL:
        digest.update(sys.version.encode())
    return digest.hexdigest()[:16]


def _install_packages(locks: Sequence[Path], target: Target, folder: Path) -> None:
    ensure(["uv"])
    uv = configure_uv()
    # The locks are whole: what they leave out, such as Chalice's command line, is left out on purpose.
    command = uv.command("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")
    command += [f"--python={sys.executable}", f"--target={folder}"]
    if target is Target.AWS:
        command += [f"--python-version={AWS_PYTHON}", f"--python-platform={AWS_PLATFORM}"]
    command += [f"--requirement={lock}" for lock in locks]
    process = subprocess.run(command, env=uv.environment, capture_output=True, text=True, check=False)
    if process.returncode:
        lines = [line for line in process.stderr.splitlines() if not line.startswith("warning")]
        raise UserError("uv could not install the layer's packages:\n" + redact("\n".join(lines[-8:])))
    # uv's guard against two installations at once is no part of the artefact.
    (folder / ".lock").unlink(missing_ok=True)
