"""Where things are in the tree."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".local" / "cache"


def lock(name: str) -> Path:
    """The lock file `requirements/<name>.txt`."""
    return ROOT / "requirements" / f"{name}.txt"
