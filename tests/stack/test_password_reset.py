"""A forgotten password, over the gateway, the queue and the cloud's own outbox; and a picture beside it."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from infra.local.cloud import EmbeddedCloud
from tests.stack.calls import PASSWORD, data, fresh_email, refresh, sign_in
from tests.stack.embedded import Stack, until
from tests.stack.visitor import Visitor
from tests.support.photographs import PLACES, jpeg

pytestmark = pytest.mark.stack

NEW = "battery staple"


def outbox(stack: Stack) -> list[dict[str, Any]]:
    """Return every mail that the cloud was given to send, from where `make run` says that they are."""
    cloud = EmbeddedCloud(urlsplit(stack.endpoint).port or 0, Path())
    said = httpx.get(cloud.outbox, timeout=30, trust_env=False).json()
    return [mail for mails in said["messages"].values() for mail in mails]


def mails_to(stack: Stack, email: str) -> list[dict[str, Any]]:
    return [mail for mail in outbox(stack) if mail["To"] == [email]]


def test_a_new_password_is_set_with_what_the_mail_says(stack: Stack, patient: Visitor) -> None:
    opened, unknown = sign_in(patient.api, email=patient.email), fresh_email()
    answers = [patient.api.post("/auth/password-reset", {"email": email}) for email in (unknown, patient.email)]
    assert [data(answer) for answer in answers] == [data(answers[0])] * 2

    def mailed() -> list[dict[str, Any]]:
        return mails_to(stack, patient.email)

    [mail] = until(mailed)
    [token] = re.findall(r"[\w-]+\.[\w-]+\.[\w-]+(?=\s)", mail["BodyText"])
    assert refresh(patient.api, token).status == 401
    said = {"token": token, "password": NEW}
    assert data(patient.api.post("/auth/password-reset/confirm", said)) == {"message": "Password changed"}
    assert patient.api.get("/users/me").status == 401
    assert refresh(patient.api, opened["refresh_token"]).status == 401
    again = patient.api.post("/auth/password-reset/confirm", said)
    assert (again.status, again.json["error"]["message"]) == (401, "Invalid reset token")
    old, new = (
        patient.api.form("/auth/login", {"email": patient.email, "password": password}) for password in (PASSWORD, NEW)
    )
    assert (old.status, new.status) == (401, 200)
    assert mails_to(stack, unknown) == []


def test_a_changed_email_is_undone_with_what_the_mail_to_the_old_one_says(stack: Stack, patient: Visitor) -> None:
    thief = fresh_email()
    assert data(patient.api.put("/users/me", {"email": thief}))["email"] == thief
    [mail] = until(lambda: mails_to(stack, patient.email), 90)
    [token] = re.findall(r"^[\w-]{43}$", mail["BodyText"], re.MULTILINE)
    said = {"token": token, "password": NEW}
    assert data(patient.api.post("/auth/undo", said)) == {"message": "Change undone"}
    assert patient.api.get("/users/me").status == 401
    tries = [patient.api.form("/auth/login", {"email": email, "password": NEW}) for email in (thief, patient.email)]
    assert [reply.status for reply in tries] == [401, 200]
    assert patient.api.post("/auth/undo", said).status == 401
    assert mails_to(stack, thief) == []


def test_a_picture_is_shown_through_its_link(stack: Stack, patient: Visitor) -> None:
    sent = patient.api.upload("/api/profile", {"image": ("me.jpg", jpeg(6))}, {"phone": "+44 1"}, method="PATCH")
    assert sent.status == 200, sent.text
    link = patient.api.get("/api/profile").json["image"]
    shown = httpx.get(link, timeout=30, trust_env=False)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["content-disposition"] == "inline"
    assert not [place for place in PLACES if place in shown.content]
    bare = httpx.get(urlsplit(link)._replace(query="").geturl(), timeout=30, trust_env=False)
    assert bare.status_code in {401, 403}, "the picture is nobody's without the link"
    assert patient.api.patch("/api/profile", {"image": None}).json["image"] is None
    assert httpx.get(link, timeout=30, trust_env=False).status_code == 404
