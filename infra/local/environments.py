"""Makes the virtual environments: `python -m infra.local.environments cloud deploy …`. Standard library only.

Each is stamped with the hash of its locks and interpreter, so that a second run installs nothing.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.counted import Counted
from infra.local.pip_failures import explained
from infra.local.places import LOCAL, ROOT, STAMP, venv
from infra.local.refusal import LocalRefused

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
    """Makes those environments that are missing or out of date, two at a time. Raises LocalRefused."""
    wanted = [name for name in names if not _is_current(name)]
    if not wanted:
        return
    _check_disk()
    counted = Counted({name: _packages(name) for name in wanted})
    with ThreadPoolExecutor(2) as pool, counted:
        for done in [pool.submit(_make, name, counted) for name in wanted]:
            done.result()


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
        raise LocalRefused(
            f"There is {free / 1e9:.1f} GB of free disk; the environments need {FREE_BYTES / 1e9:.1f} GB.",
            "Make room, or move this folder to a larger disk.",
        )


def _make(name: str, counted: Counted) -> None:
    folder = venv(name)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise explained(name, made.stdout + made.stderr)
    # One package has no wheel; it is pure Python, so that no compiler is ever needed.
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    command += [] if name in WITH_DEPENDENCIES else ["--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--no-binary=localstack-client"]
    for lock in _locks(name):
        command += ["--requirement", str(lock)]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if line.startswith("Collecting "):
                counted.one_more(name)
    if pip.returncode:
        raise explained(name, "".join(said))
    (folder / STAMP).write_text(_key(name))
    counted.finished(name)


def main(names: list[str]) -> int:
    """Makes the named environments; 1, with the reason, when it cannot."""
    try:
        ensure(names)
    except LocalRefused as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
