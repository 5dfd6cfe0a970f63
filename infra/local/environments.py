"""Virtual environments: `python -m infra.local.environments cloud deploy …`. Standard library only.

Each is stamped with the hash of its locks and interpreter, so that a second run installs nothing.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

from infra.errors import UserError
from infra.local.paths import LOCAL, ROOT, STAMP, venv

# What venv or pip say → what is wrong, and what to do. The first that is found counts.
_FAILURES = (
    (
        r"ensurepip is not available|No module named '?(?:venv|ensurepip)|ensurepip.*returned non-zero",
        "This Python cannot make virtual environments: its venv module is missing.",
        "On Debian and Ubuntu: apt install python3-venv. Elsewhere: PYTHON=/path/to/a/complete/python make run",
    ),
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "The disk is full.",
        "Make room and run the same command again.",
    ),
    (
        r"Retrying \(Retry|NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ProxyError|SSLError",
        "pip cannot reach its package registry.",
        "Check the network, the proxy and pip's own configuration (pip config list), then run the same command again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES",
        "A package is not the one that was locked.",
        "A mirror may serve other files. If the lock itself is out of date: make lock.",
    ),
    (
        r"Python\.h: No such file|command '.*(?:gcc|cc|clang)' failed|Failed building wheel",
        "A package had to be compiled, which needs a compiler and Python's headers.",
        "Use a Python from 3.11 to 3.13, for which all packages are ready-made: PYTHON=python3.13 make run",
    ),
    (
        r"No matching distribution found",
        f"A locked package is not to be had for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine.",
        "Use a Python from 3.11 to 3.13 on Linux or macOS: PYTHON=python3.13 make run",
    ),
)


def explain_failure(name: str, output: str) -> UserError:
    """Return the refusal that fits what venv or pip said; their last lines when nothing is known to fit."""
    for pattern, what, advice in _FAILURES:
        if re.search(pattern, output):
            return UserError(f"The environment {name!r} cannot be made. {what}", advice)
    last = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")][-8:]
    return UserError(f"The environment {name!r} cannot be made:", "\n".join(last))


BAR = 24


class InstallProgress:
    """A bar over several counts at once; on something that is not a terminal, a line as each begins and ends."""

    def __init__(self, totals: Mapping[str, int], out: TextIO = sys.stderr) -> None:
        self._totals = totals
        self._counts = dict.fromkeys(totals, 0)
        self._out = out
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def __enter__(self) -> "InstallProgress":
        self._line(f"Installing {', '.join(f'{name} ({total})' for name, total in self._totals.items())}: packages")
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._out.isatty():
            self._out.write("\n")

    def one_more(self, name: str) -> None:
        """Note that one more of `name` is under way."""
        with self._lock:
            self._counts[name] = min(self._counts[name] + 1, self._totals[name])
            self._draw()

    def finish(self, name: str) -> None:
        """Note that all of `name` is installed."""
        with self._lock:
            self._counts[name] = self._totals[name]
            self._line(f"  {name} is ready after {time.monotonic() - self._began:.0f} s")
            self._draw()

    def _line(self, text: str) -> None:
        self._out.write(f"\r\033[K{text}\n" if self._out.isatty() else f"{text}\n")
        self._out.flush()

    def _draw(self) -> None:
        if not self._out.isatty():
            return
        installed_count, total = sum(self._counts.values()), sum(self._totals.values()) or 1
        full = BAR * installed_count // total
        seconds = time.monotonic() - self._began
        self._out.write(f"\r\033[K  [{'█' * full}{'·' * (BAR - full)}] {installed_count}/{total}  {seconds:.0f} s")
        self._out.flush()


# Installed without dependencies: the locks are whole, and two of them (chalice, swagger) leave some out on purpose.
LOCKS = {
    "cloud": ("cloud",),
    "deploy": ("deploy",),
    "local": ("local",),
    "dev": ("dev", "chalice", "swagger", "bench"),
    "train": ("train",),
    "reference": ("reference",),
}
# torch's dependencies are those of the build that a machine gets: see infra/local/locks.py.
WITH_DEPENDENCIES = frozenset({"train", "reference"})
FREE_BYTES = 1_500_000_000


def ensure(names: Sequence[str]) -> None:
    """Make those environments that are missing or out of date, two at a time. Raises UserError."""
    missing = [name for name in names if not _is_current(name)]
    if not missing:
        return
    _check_disk()
    progress = InstallProgress({name: _packages(name) for name in missing})
    with ThreadPoolExecutor(2) as pool, progress:
        for future in [pool.submit(_make, name, progress) for name in missing]:
            future.result()


def _is_current(name: str) -> bool:
    stamp = venv(name) / STAMP
    return stamp.is_file() and stamp.read_text() == _key(name)


def _key(name: str) -> str:
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix}".encode())
    for lock in _locks(name):
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def _locks(name: str) -> list[Path]:
    return [ROOT / "requirements" / f"{lock}.txt" for lock in LOCKS[name]]


def _packages(name: str) -> int:
    return sum(len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE)) for lock in _locks(name))


def _check_disk() -> None:
    LOCAL.mkdir(exist_ok=True)
    free = shutil.disk_usage(LOCAL).free
    if free < FREE_BYTES:
        raise UserError(
            f"There is {free / 1e9:.1f} GB of free disk; the environments need {FREE_BYTES / 1e9:.1f} GB.",
            "Make room, or move this folder to a larger disk.",
        )


def _make(name: str, progress: InstallProgress) -> None:
    folder = venv(name)
    process = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True, check=False
    )
    if process.returncode:
        raise explain_failure(name, process.stdout + process.stderr)
    # One package has no wheel; it is pure Python, so that no compiler is ever needed.
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    command += [] if name in WITH_DEPENDENCIES else ["--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--no-binary=localstack-client"]
    for lock in _locks(name):
        command += ["--requirement", str(lock)]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            lines.append(line)
            if line.startswith("Collecting "):
                progress.one_more(name)
    if pip.returncode:
        raise explain_failure(name, "".join(lines))
    (folder / STAMP).write_text(_key(name))
    progress.finish(name)


def main(names: list[str]) -> int:
    """Make the named environments; 1, with the reason, when it cannot."""
    try:
        ensure(names)
    except UserError as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
