"""The files a result leaves behind, for looking at and going on with."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.story.client import Accepted, Client
from infra.local.story.image import Image


def folder_for(results: Path, image: Image, accepted: Accepted) -> Path:
    """A folder of this run's own, named after the image and the scan."""
    stem = re.sub(r"[^\w.-]+", "-", image.path.stem)[:60]
    folder = results / f"{stem}-{accepted.scan_id[:13]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_pictures(client: Client, accepted: Accepted, result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Saves the preview, the heatmap where a model made one, and the result itself."""
    files = {"preview.jpg": client.file(f"/files/images/{accepted.scan_id}")}
    if result["model"]:
        files["heatmap.png"] = client.file(f"/files/heatmaps/{accepted.task_id}")
    files["result.json"] = json.dumps(result, indent=2).encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def save_login(folder: Path, email: str, password: str) -> Path:
    """Keeps the run's patient as a login body, for its owner's eyes."""
    file = folder / "login.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"email": email, "password": password}))
    return file
