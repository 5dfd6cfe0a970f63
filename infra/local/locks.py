"""Locks the requirements anew: `python -m infra.local.locks [NAME …]`, with uv.

The locks hold for every Python from 3.11 on, Linux and macOS, with hashes and without a registry's address.
"""

import subprocess
import sys

from infra.local.environments import ensure
from infra.local.paths import ROOT
from infra.local.uv import Uv, configure_uv

# Later ones are constrained by earlier ones.
NAMES = (
    *("uv", "chalice", "swagger", "images", "core", "model", "cloud", "deploy", "local", "sbom"),
    *("dev", "bench", "train", "reference"),
)
# Their wheels ask for more than we use of them.
BARE = frozenset({"chalice", "swagger", "images", "train", "reference"})
# torch has builds of its own for machines with and without accelerators: its lock fixes versions, and pip the rest.
WITHOUT_HASHES = frozenset({"train", "reference"})


# What a machine keeps beside its registry is no part of a lock.
OF_THIS_MACHINE = frozenset({"UV_INDEX", "UV_FIND_LINKS"})


def lock(name: str, uv: Uv) -> None:
    """Write requirements/<name>.txt from requirements/<name>.in."""
    command = uv.command("pip", "compile", "--quiet", "--universal", "--python-version", "3.11")
    # One version for all Pythons: what a layer is made from does not depend on the interpreter that builds it.
    command += ["--fork-strategy", "fewest", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock", "--upgrade"]
    command += ["--no-deps"] if name in BARE else []
    command += [] if name in WITHOUT_HASHES else ["--generate-hashes"]
    print(f"locking {name}", flush=True)
    environment = {name: value for name, value in uv.environment.items() if name not in OF_THIS_MACHINE}
    command += [f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    ensure(["uv"])
    uv = configure_uv()
    for name in sys.argv[1:] or NAMES:
        lock(name, uv)
