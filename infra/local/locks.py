"""Locks the requirements anew: `python -m infra.local.locks [NAME …]`, with uv from the dev environment.

The locks hold for every Python from 3.11 on, Linux and macOS, with hashes and without a registry's address.
"""

import subprocess
import sys

from infra.local.environments import ensure
from infra.local.paths import ROOT, python

# Later ones are constrained by earlier ones.
NAMES = ("chalice", "swagger", "core", "model", "cloud", "deploy", "local", "dev", "bench", "train", "reference")
# Their wheels ask for more than we use of them.
BARE = frozenset({"chalice", "swagger", "train", "reference"})
# torch has builds of its own for machines with and without accelerators: its lock fixes versions, and pip the rest.
WITHOUT_HASHES = frozenset({"train", "reference"})


def lock(name: str) -> None:
    """Write requirements/<name>.txt from requirements/<name>.in."""
    command = [str(python("dev")), "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    # One version for all Pythons: pip reads markers for the interpreter it runs with, not for the one it builds for.
    command += ["--fork-strategy", "fewest", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock", "--upgrade"]
    command += ["--no-deps"] if name in BARE else []
    command += [] if name in WITHOUT_HASHES else ["--generate-hashes"]
    print(f"locking {name}", flush=True)
    subprocess.run([*command, f"requirements/{name}.in", "-o", f"requirements/{name}.txt"], cwd=ROOT, check=True)


if __name__ == "__main__":
    ensure(["dev"])
    for name in sys.argv[1:] or NAMES:
        lock(name)
