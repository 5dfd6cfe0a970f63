"""What must be put right in the embedded cloud's data before it reads it again."""

import json
import shutil
from pathlib import Path

UNPACKED = "unpacked"  # functions and layers, which every start unpacks anew


def prepare(data: Path, port: int) -> None:
    """Makes the folders, and the data fit for a start on this port."""
    shutil.rmtree(data / UNPACKED, ignore_errors=True)
    for folder in ("state", "objects", UNPACKED):
        (data / folder).mkdir(parents=True, exist_ok=True)
    _move_to_port(data, port)
    _rewind_streams(data / "state" / "lambda.json")


def _move_to_port(data: Path, port: int) -> None:
    """MiniStack's state spells queues with the port it had; on another port it would not find them again."""
    note, now = data / "port", str(port)
    before = note.read_text() if note.is_file() else now
    if before != now:
        for file in (data / "state").glob("*.json"):
            said = file.read_bytes()
            moved = said.replace(f"//localhost:{before}/".encode(), f"//localhost:{now}/".encode())
            if moved != said:
                file.write_bytes(moved)
    note.write_text(now)


def _rewind_streams(functions: Path) -> None:
    """MiniStack keeps how far each function has read a table's stream, but not the stream's records.

    After a restart it would wait for as many new records as there once were, and push none of them.
    """
    try:
        state = json.loads(functions.read_text())
        positions = state["payload"]["dynamodb_stream_positions"]["data"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if positions:
        positions.clear()
        functions.write_text(json.dumps(state))
