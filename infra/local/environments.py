"""Virtual environments: `python -m infra.local.environments cloud deploy …`. Standard library only.

pip installs uv, and uv the others. Each is stamped with the hash of its locks and interpreter, so that a second run
installs nothing.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TextIO

from infra.errors import UserError
from infra.local.paths import LOCAL, ROOT, STAMP, python, venv
from infra.local.uv import Uv, configure_uv, redact

# What venv, pip or uv say → what is wrong, and what to do. The first that is found counts.
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
        r"invalid peer certificate|CERTIFICATE_VERIFY_FAILED",
        "The package registry cannot be reached: its certificate is not trusted.",
        "Behind a proxy of your own: python3 -m pip config set global.cert /path/to/its/certificate.pem",
    ),
    (
        r"Retrying \(Retry|NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ProxyError|SSLError"
        r"|Failed to fetch|error sending request|valid authentication credentials",
        "The package registry cannot be reached.",
        "Check the network, the proxy and pip's own configuration (pip config list), then run the same command again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|Hash mismatch for",
        "A package is not the one that was locked.",
        "A mirror may serve other files. If the lock itself is out of date: make lock.",
    ),
    (
        r"Python\.h: No such file|command '.*(?:gcc|cc|clang)' failed|Failed building wheel|Failed to build",
        "A package had to be compiled, which needs a compiler and Python's headers.",
        "Use a Python from 3.11 to 3.13, for which all packages are ready-made: PYTHON=python3.13 make run",
    ),
    (
        r"No matching distribution found|No solution found when resolving",
        f"A locked package is not to be had for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine.",
        "Use a Python from 3.11 to 3.13 on Linux or macOS: PYTHON=python3.13 make run",
    ),
)


# Of pip, and of uv: what went well.
_NOISE = ("WARNING", " + ", " - ", "Downloading ", " Downloaded ")


def explain_failure(name: str, output: str) -> UserError:
    """Return the error that fits what venv, pip or uv said; their last lines, without passwords, when none fits."""
    for pattern, what, advice in _FAILURES:
        if re.search(pattern, output):
            return UserError(f"The environment {name!r} cannot be made. {what}", advice)
    last = [line for line in output.splitlines() if line.strip() and not line.startswith(_NOISE)][-8:]
    return UserError(f"The environment {name!r} cannot be made:", redact("\n".join(last)))


BAR = 24


class InstallProgress:
    """A bar over several counts at once; on something that is not a terminal, a line as each begins and ends."""

    def __init__(self, totals: Mapping[str, int], out: TextIO = sys.stderr) -> None:
        self._totals = totals
        self._packages: dict[str, set[str]] = {name: set() for name in totals}
        self._ready: set[str] = set()
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

    def add_package(self, name: str, package: str) -> None:
        """Note that a package of `name` is under way; one that is noted already counts once."""
        with self._lock:
            self._packages[name].add(package)
            self._draw()

    def redraw(self) -> None:
        """Let the bar's clock move on."""
        with self._lock:
            self._draw()

    def finish(self, name: str) -> None:
        """Note that all of `name` is installed."""
        with self._lock:
            self._ready.add(name)
            self._line(f"  {name} is ready after {time.monotonic() - self._began:.0f} s")
            self._draw()

    def _count(self, name: str) -> int:
        return self._totals[name] if name in self._ready else min(len(self._packages[name]), self._totals[name])

    def _line(self, text: str) -> None:
        self._out.write(f"\r\033[K{text}\n" if self._out.isatty() else f"{text}\n")
        self._out.flush()

    def _draw(self) -> None:
        if not self._out.isatty():
            return
        installed_count, total = sum(map(self._count, self._totals)), sum(self._totals.values()) or 1
        full = BAR * installed_count // total
        seconds = time.monotonic() - self._began
        self._out.write(f"\r\033[K  [{'█' * full}{'·' * (BAR - full)}] {installed_count}/{total}  {seconds:.0f} s")
        self._out.flush()


# Installed without dependencies: the locks are whole, and two of them (chalice, swagger) leave some out on purpose.
LOCKS = {
    "uv": ("uv",),
    "cloud": ("cloud",),
    "deploy": ("deploy",),
    "local": ("local",),
    "dev": ("dev", "chalice", "swagger", "bench"),
    "images": ("images",),
    # What is deployed, and what lists it.
    "shipped": ("core", "chalice", "swagger", "model"),
    "sbom": ("sbom",),
    "train": ("train",),
    "reference": ("reference",),
}
# torch's dependencies are those of the build that a machine gets: see infra/local/locks.py.
WITH_DEPENDENCIES = frozenset({"train", "reference"})
BY_PIP = WITH_DEPENDENCIES | {"uv"}
# One package has no wheel; it is pure Python, so that no compiler is ever needed.
WHEELS_ONLY = ("--only-binary=:all:", "--no-binary=localstack-client")
FREE_BYTES = 1_500_000_000


def ensure(names: Sequence[str]) -> None:
    """Make those environments that are missing or out of date, two at a time. Raises UserError."""
    missing = [name for name in names if not _is_current(name)]
    if not missing:
        return
    needs_uv = "uv" not in missing and not _is_current("uv") and not BY_PIP.issuperset(missing)
    _check_disk()
    with InstallProgress({name: _count_packages(name) for name in [*["uv"] * needs_uv, *missing]}) as progress:
        if needs_uv:
            _make_by_pip("uv", progress)
        uv = None if BY_PIP.issuperset(missing) else configure_uv()
        with ThreadPoolExecutor(2) as pool:
            futures = {pool.submit(_make, name, uv, progress) for name in missing}
            while futures:
                complete, futures = wait(futures, timeout=1, return_when=FIRST_COMPLETED)
                progress.redraw()
                for future in complete:
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


def _count_packages(name: str) -> int:
    return sum(len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE)) for lock in _locks(name))


def _check_disk() -> None:
    LOCAL.mkdir(exist_ok=True)
    free = shutil.disk_usage(LOCAL).free
    if free < FREE_BYTES:
        raise UserError(
            f"There is {free / 1e9:.1f} GB of free disk; the environments need {FREE_BYTES / 1e9:.1f} GB.",
            "Make room, or move this folder to a larger disk.",
        )


def _make(name: str, uv: Uv | None, progress: InstallProgress) -> None:
    if uv is None or name in BY_PIP:
        _make_by_pip(name, progress)
    else:
        _make_by_uv(name, uv, progress)


def _make_by_pip(name: str, progress: InstallProgress) -> None:
    def note(line: str) -> None:
        if line.startswith("Collecting "):
            progress.add_package(name, line)

    _run(name, [sys.executable, "-m", "venv", "--clear", str(venv(name))])
    command = [str(python(name)), "-m", "pip", "install", "--no-input", "--progress-bar=off", *WHEELS_ONLY]
    command += ["--disable-pip-version-check"]
    command += [] if name in WITH_DEPENDENCIES else ["--no-deps", "--require-hashes"]
    command += [f"--requirement={lock}" for lock in _locks(name)]
    _run(name, command, note)
    _stamp(name, progress)


def _make_by_uv(name: str, uv: Uv, progress: InstallProgress) -> None:
    def note(line: str) -> None:
        # A large package is named when it has come, each when it is in its place: " Downloaded numpy", " + numpy==2.4".
        if match := re.match(r" (?:Downloaded|\+) ([^=\s]+)", line):
            progress.add_package(name, match[1])

    create = uv.command("venv", "--clear", "--force", "--no-project", f"--python={sys.executable}", str(venv(name)))
    _run(name, create, environment=uv.environment)
    # Compiled as pip does it: a function's first call and the tests' first imports are not to do it.
    sync = uv.command("pip", "sync", "--require-hashes", "--compile-bytecode", f"--python={python(name)}", *WHEELS_ONLY)
    _run(name, [*sync, *map(str, _locks(name))], note, uv.environment)
    _stamp(name, progress)


def _run(
    name: str,
    command: list[str],
    note: Callable[[str], None] = lambda _: None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run the command, and `note` each line that it prints. Raises UserError when it fails."""
    lines: list[str] = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            note(line)
    if process.returncode:
        raise explain_failure(name, f"{''.join(lines)}\nexit status {process.returncode}")


def _stamp(name: str, progress: InstallProgress) -> None:
    (venv(name) / STAMP).write_text(_key(name))
    progress.finish(name)


def main(names: list[str]) -> int:
    """Make the named environments; 1, with the reason, when it cannot."""
    try:
        ensure(names)
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
