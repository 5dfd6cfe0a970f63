"""The doctor's half of the story: a patient lets a doctor in, asks them something, and sees who was at their data."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.story.client import Client
from infra.local.story.stack import Login, Stack

QUESTION = "The page says that a model read my film. What do I do now?"
RESPONSE = "The model has only ever seen drawings. Come by, and we look at the film together."


def play_clinic(console: Console, stack: Stack, patient: Client, administrator: Login) -> None:
    """Raises StoryStopped when a call of it is refused or not answered."""
    with Client(stack) as doctor:
        doctor_id = _let_in(console, stack, patient, doctor, administrator)
        console.print(_patients(doctor.send("GET", "/patients")))
        asked = patient.send("POST", "/api/questions", {"question_text": QUESTION, "doctor_id": doctor_id})
        for waiting in doctor.send("GET", "/api/questions/pending"):
            _line(console, f"  the patient asks    {waiting['question_text']}")
        said = doctor.send("POST", f"/api/questions/{asked['id']}/response", {"response_text": RESPONSE})
        _line(console, f"  the doctor answers  {said['response_text']}")
    console.print(_accesses(patient.send("GET", "/users/me/access-log")))


def _let_in(console: Console, stack: Stack, patient: Client, doctor: Client, administrator: Login) -> int:
    email, password = f"doctor-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12)
    doctor.register(email, password, "DOCTOR")
    doctor.log_in(email, password)
    doctor_id = int(doctor.send("GET", "/users/me")["id"])
    with Client(stack) as approving:
        approving.log_in(administrator.email, administrator.password)
        approving.send("POST", f"/users/{doctor_id}/approval", {"approved": True})
    _line(console, f"\nRegistered a doctor, {email}, whom an administrator approved")
    token = doctor.send("POST", "/patients/create-connect-token", {"expires_in_minutes": 60})["token"]
    patient.send("POST", f"/patients/connect-doctor/{token}", {})
    _line(console, "The doctor handed the patient a connect token, and the patient let the doctor in with it")
    return doctor_id


def _patients(listed: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("The doctor's patients", "patient", "since", "until")
    for one in listed:
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


def _time(said: str) -> str:
    return said[:19].replace("T", " ")


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
