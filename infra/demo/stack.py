"""Where the stack is: `.local/stack.json`, as `make run` wrote it."""

import json
from dataclasses import dataclass
from pathlib import Path

from infra.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
STACK_FILE = ROOT / ".local" / "stack.json"


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in, and with what."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The addresses of a running stack, without a slash at their ends, and its administrator where one is known."""

    api_url: str
    websocket_url: str
    administrator: Login | None = None


def read_stack(file: Path) -> Stack:
    """Raise UserError when there is no such file, or it does not hold the addresses."""
    try:
        payload = json.loads(file.read_text())
        administrator = Login(**payload["admin"]) if "admin" in payload else None
        return Stack(payload["api_url"].rstrip("/"), payload["websocket_url"].rstrip("/"), administrator)
    except FileNotFoundError as missing:
        raise UserError(
            f"There is no {display_path(file)}: no stack has been brought up.", "Run `make run`."
        ) from missing
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{display_path(file)} cannot be read.", "`make run` writes it anew.") from error


def display_path(path: Path) -> str:
    """Return a path as a person at the tree's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
