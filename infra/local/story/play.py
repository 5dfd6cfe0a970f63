"""The story itself, from nobody to a result on the screen and a doctor who answers."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from infra.local.story import pictures, table
from infra.local.story.client import Accepted, Client
from infra.local.story.clinic import play_clinic
from infra.local.story.image import Image
from infra.local.story.live import Update, follow, watching
from infra.local.story.progress import analysing, sending
from infra.local.story.stack import Stack, shown


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story is played: for whom to see, on which stack, and where its files go."""

    console: Console
    stack: Stack
    results: Path


def play(stage: Stage, image: Image) -> bool:
    """Whether the analysis completed. Raises StoryStopped when the story cannot be played to its end."""
    email, password = f"patient-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12)
    with Client(stage.stack) as client:
        client.register(email, password)
        client.log_in(email, password)
        _line(stage, f"Registered and logged in a new patient, {email}")
        accepted = _upload(stage, client, image)
        sent = time.monotonic()
        update = _watch(stage, client, accepted)
        seconds = time.monotonic() - sent
        if update.result is None:
            table.print_failure(stage.console, update)
            return False
        table.print_result(stage.console, update.result, seconds)
        folder = pictures.folder_for(stage.results, image, accepted)
        saved = pictures.save_pictures(client, accepted, update.result, folder)
        if stage.stack.administrator:
            play_clinic(stage.console, stage.stack, client, stage.stack.administrator)
    _heading(stage, "Saved")
    for file in saved:
        _line(stage, f"  {shown(file)}")
    _say_where_to_go(stage, accepted, pictures.save_login(folder, email, password))
    return True


def _upload(stage: Stage, client: Client, image: Image) -> Accepted:
    if image.fits_form:
        with sending(stage.console, image) as content:
            return client.send_form(content, image)
    accepted, form = client.begin_upload(image)
    with sending(stage.console, image) as content:
        client.send_to_storage(form, content, image)
    return accepted


def _watch(stage: Stage, client: Client, accepted: Accepted) -> Update:
    with watching(stage.stack, accepted) as socket, analysing(stage.console) as show:
        return follow(client, socket, accepted, show)


def _say_where_to_go(stage: Stage, accepted: Accepted, login: Path) -> None:
    api = stage.stack.api_url
    _heading(stage, "Go on with")
    places = {
        "docs": f"{api}/docs",
        "openapi": f"{api}/openapi.json",
        "scan": f"{api}/scans/{accepted.scan_id}",
        "task": f"{api}/tasks/status/{accepted.task_id}",
        "live": f"{stage.stack.websocket_url}?token=<access token>&task_ids={accepted.task_id}",
    }
    for name, url in places.items():
        _line(stage, f"  {name:<9}{url}")
    _heading(stage, "Authorization: Bearer <access token>, which this patient gets from")
    _line(stage, f"  curl -s {api}/auth/login -H 'Content-Type: application/json' -d @{shown(login)}")


def _heading(stage: Stage, text: str) -> None:
    stage.console.print(f"\n{text}", style="bold", markup=False, highlight=False)


def _line(stage: Stage, text: str) -> None:
    # Never wrapped: addresses and paths are to be copied whole.
    stage.console.print(text, markup=False, highlight=False, soft_wrap=True)
