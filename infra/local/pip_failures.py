"""What to tell a person when an environment cannot be made."""

import re
import sys

from infra.local.refusal import LocalRefused

# What venv or pip say → what is wrong, and what to do. The first that is found counts.
_KNOWN = (
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


def explained(name: str, output: str) -> LocalRefused:
    """The refusal that fits what venv or pip said; their last lines when nothing is known to fit."""
    for pattern, what, advice in _KNOWN:
        if re.search(pattern, output):
            return LocalRefused(f"The environment {name!r} cannot be made. {what}", advice)
    last = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")][-8:]
    return LocalRefused(f"The environment {name!r} cannot be made:", "\n".join(last))
