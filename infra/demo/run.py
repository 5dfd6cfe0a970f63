"""The demo: one image from upload to a result on the screen, then a doctor who answers a question."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.demo import results
from infra.demo.client import AcceptedUpload, Client, Image, Login, Stack, display_path
from infra.demo.progress import Update, analysis_progress, follow, upload_progress, watch_socket

QUESTION = "The page says that a model read my film. What do I do now?"
RESPONSE = "The model has only ever seen drawings. Come by, and we look at the film together."


def run_clinic(console: Console, stack: Stack, patient: Client, administrator: Login) -> None:
    """Raise UserError when a call of it is refused or not answered."""
    with Client(stack) as doctor:
        doctor_id = _let_in(console=console, stack=stack, patient=patient, doctor=doctor, administrator=administrator)
        console.print(_patients(doctor.send("GET", "/patients")))
        question = patient.send("POST", "/api/questions", {"question_text": QUESTION, "doctor_id": doctor_id})
        for waiting in doctor.send("GET", "/api/questions/pending"):
            _print_line(console, f"  the patient asks    {waiting['question_text']}")
        response = doctor.send("POST", f"/api/questions/{question['id']}/response", {"response_text": RESPONSE})
        _print_line(console, f"  the doctor answers  {response['response_text']}")
    console.print(_accesses(patient.send("GET", "/users/me/access-log")))


def _let_in(console: Console, stack: Stack, patient: Client, doctor: Client, administrator: Login) -> int:
    email, password = f"doctor-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12)
    doctor.register(email, password, "DOCTOR")
    doctor.log_in(email, password)
    doctor_id = int(doctor.send("GET", "/users/me")["id"])
    with Client(stack) as approving:
        approving.log_in(administrator.email, administrator.password)
        approving.send("POST", f"/users/{doctor_id}/approval", {"approved": True})
    _print_line(console, f"\nRegistered a doctor, {email}, whom an administrator approved")
    token = doctor.send("POST", "/patients/create-connect-token", {"expires_in_minutes": 60})["token"]
    patient.send("POST", f"/patients/connect-doctor/{token}", {})
    _print_line(console, "The doctor handed the patient a connect token, and the patient let the doctor in with it")
    return doctor_id


def _patients(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("The doctor's patients", "patient", "since", "until")
    for one in rows:
        table.add_row(one["name"], _time(one["since"]), _time(one["ends_at"]) if one["ends_at"] else "–")
    return table


def _accesses(entries: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("Who was at the patient's data", "at", "who", "did what", "to what")
    for entry in entries:
        did = entry["action"].lower().replace("_", " ")
        table.add_row(_time(entry["at"]), entry["actor_role"].lower(), did, entry["resource"].replace("_", " "))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def _time(text: str) -> str:
    return text[:19].replace("T", " ")


def _print_line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class DemoContext:
    """Where the demo runs: on which console and stack, and where its files go."""

    console: Console
    stack: Stack
    results: Path
    model: str | None = None
    """The one that is to read the image, of a trial; then nothing but that is shown."""


def run_demo(stage: DemoContext, image: Image) -> bool:
    """Tell whether the analysis completed. Raises UserError when the demo cannot go on to its end."""
    email, password = f"patient-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12)
    with Client(stage.stack) as client:
        client.register(email, password)
        client.log_in(email, password)
        _print(stage, f"Registered and logged in a new patient, {email}")
        upload = _upload(stage, client, image)
        start = time.monotonic()
        update = _watch(stage, client, upload)
        seconds = time.monotonic() - start
        if update.result is None:
            results.print_failure(stage.console, update)
            return False
        results.print_result(stage.console, update.result, seconds)
        folder = results.folder_for(stage.results, image, upload)
        files = results.save_pictures(client, upload, update.result, folder)
        if stage.stack.administrator and stage.model is None:
            run_clinic(stage.console, stage.stack, client, stage.stack.administrator)
    _heading(stage, "Saved")
    for file in files:
        _print(stage, f"  {display_path(file)}")
    _say_where_to_go(stage, upload, results.save_login(folder, email, password))
    return True


def _upload(stage: DemoContext, client: Client, image: Image) -> AcceptedUpload:
    if image.fits_form:
        with upload_progress(stage.console, image) as content:
            return client.send_form(content, image, stage.model)
    upload, form = client.begin_upload(image, stage.model)
    with upload_progress(stage.console, image) as content:
        client.send_to_storage(form, content, image)
    return upload


def _watch(stage: DemoContext, client: Client, upload: AcceptedUpload) -> Update:
    with watch_socket(stage.stack, upload) as socket, analysis_progress(stage.console) as show:
        return follow(client, socket, upload, show)


def _say_where_to_go(stage: DemoContext, upload: AcceptedUpload, login: Path) -> None:
    api = stage.stack.api_url
    _heading(stage, "Go on with")
    places = {
        "docs": f"{api}/docs",
        "openapi": f"{api}/openapi.json",
        "scan": f"{api}/scans/{upload.scan_id}",
        "task": f"{api}/tasks/status/{upload.task_id}",
        "live": f"{stage.stack.websocket_url}?token=<access token>&task_ids={upload.task_id}",
    }
    for name, url in places.items():
        _print(stage, f"  {name:<9}{url}")
    _heading(stage, "Authorization: Bearer <access token>, which this patient gets from")
    _print(stage, f"  curl -s {api}/auth/login -H 'Content-Type: application/json' -d @{display_path(login)}")


def _heading(stage: DemoContext, text: str) -> None:
    stage.console.print(f"\n{text}", style="bold", markup=False, highlight=False)


def _print(stage: DemoContext, text: str) -> None:
    # Never wrapped: addresses and paths are to be copied whole.
    stage.console.print(text, markup=False, highlight=False, soft_wrap=True)
