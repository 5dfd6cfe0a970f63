"""The result as tables and files: what was found, what stands behind it, pictures to look at."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.demo.client import AcceptedUpload, Client, Image
from infra.demo.progress import Update
from scanward.domain.results import MEANINGS


def folder_for(results: Path, image: Image, upload: AcceptedUpload) -> Path:
    """Return a folder of this run's own, named after the image and the scan."""
    stem = re.sub(r"[^\w.-]+", "-", image.path.stem)[:60]
    folder = results / f"{stem}-{upload.scan_id[:13]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_pictures(client: Client, upload: AcceptedUpload, result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Save the preview, the heatmap where a model made one, and the result itself."""
    files = {"preview.jpg": client.file(f"/files/images/{upload.scan_id}")}
    if result["model"]:
        files["heatmap.png"] = client.file(f"/files/heatmaps/{upload.task_id}")
    files["result.json"] = json.dumps(result, indent=2).encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def save_login(folder: Path, email: str, password: str) -> Path:
    """Keep the run's patient as a login body, for its owner's eyes."""
    file = folder / "login.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"email": email, "password": password}))
    return file


def print_result(console: Console, result: Mapping[str, Any], seconds: float) -> None:
    """Print the result as tables. `seconds`: from the end of the upload to the result's arrival."""
    console.print(_findings(result["findings"]) if result["findings"] else Text("No findings: the image was not read."))
    console.print(_facts(result, seconds))
    warnings = [Text(f"• {MEANINGS.get(code, code)}", "yellow") for code in result["warnings"]]
    notice: list[RenderableType] = [*warnings, Text(result["notice"])]
    console.print(Panel(Group(*notice), title="Please note", border_style="yellow", expand=False))


def print_failure(console: Console, update: Update) -> None:
    """Print why a task did not complete."""
    failure = update.failure or {"reason": update.status, "message": update.message}
    console.print(
        Panel(Text(f"{failure['message']} ({failure['reason']})"), title="Failed", border_style="red", expand=False)
    )


def _findings(findings: list[Mapping[str, Any]]) -> Table:
    table = Table(title="Findings", title_justify="left", title_style="bold")
    table.add_column("finding")
    table.add_column("score", justify="right")
    table.add_column("", width=20)
    table.add_column("operating point", justify="right")
    table.add_column("found")
    for finding in sorted(findings, key=lambda finding: -finding["score"]):
        is_found = bool(finding["found"])
        table.add_row(
            finding["title"],
            f"{finding['score']:.3f}",
            "█" * round(20 * finding["score"]),
            f"{finding['operating_point']:.3f}",
            "yes" if is_found else "no",
            style="bold red" if is_found else "dim",
        )
    return table


def _facts(result: Mapping[str, Any], seconds: float) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    model, image = result["model"], result["image"]
    if model:
        facts.add_row("model", f"{model['name']} {model['version']}, sha256 {model['sha256'][:12]}…")
        facts.add_row("preprocessing", model["preprocessing"])
    facts.add_row("image", f"{image['format']}, {image['columns']} × {image['rows']} pixels, {image['bits']} bits")
    steps = " · ".join(f"{step} {ms:.1f}" for step, ms in result["timings"].items())
    facts.add_row("analysis", f"{steps} ms")
    facts.add_row("upload to result", f"{seconds:.2f} s")
    return facts
