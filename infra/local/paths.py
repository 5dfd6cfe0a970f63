"""Where local things are: all of them below `.local`, so that removing it forgets everything."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
STACK_FILE = LOCAL / "stack.json"
STACK_NAME = "scanward"
REGION = "us-east-1"
# In an environment: what it was made from.
STAMP = ".installed"


def venv(name: str) -> Path:
    """Return the virtual environment `name`: uv, cloud, deploy, local, dev, images, train or reference."""
    return LOCAL / "venvs" / name


def python(name: str) -> Path:
    """Return the interpreter of the virtual environment `name`."""
    return venv(name) / "bin" / "python"
