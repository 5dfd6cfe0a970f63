"""Requests about a patient and their things."""

import json
from typing import Any

from tests.contracts.policy.belongings import COLLEAGUE, Target
from tests.contracts.policy.rows import Send
from tests.support.client import ApiClient, Reply
from tests.support.departments import Departments


def get(path: str) -> Send:
    """Return a GET of a path about the patient."""
    return lambda client, target: client.get(path.format(**ids(target)))


def ids(target: Target) -> dict[str, Any]:
    """Return the ids that paths are made of; what is used up by a request is made when it is asked for."""
    return {"patient": target.patient, "scan": target.scan, "task": target.task, "desk": target.desk} | {
        "ward": target.ward
    }


def send(method: str, path: str, body: Any = None) -> Send:
    """Return a request about the patient, of JSON unless it has no body."""

    def request(client: ApiClient, target: Target) -> Reply:
        said = None if body is None else json.dumps(body(target) if callable(body) else body).encode()
        return client.send(method, path.format(**ids(target)), said, "application/json" if said else None)

    return request


def of(method: str, path: str, new: str, body: Any = None) -> Send:
    """Return a request about a thing of the patient's, new for each request."""
    return lambda client, target: send(method, path.format(id=getattr(target, new)()), body)(client, target)


def question(method: str, path: str, to: str, body: Any = None) -> Send:
    """Return a request about a question of the patient's: to the caller, to all doctors, or to another doctor."""

    def request(client: ApiClient, target: Target) -> Reply:
        doctor = {"caller": target.caller, "all": None, "another": COLLEAGUE}[to]
        return send(method, path.format(id=target.new_question(doctor)), body)(client, target)

    return request


def new_ward(method: str, path: str, body: Any = None) -> Send:
    """Return a request about a department that nobody needs."""

    def request(client: ApiClient, target: Target) -> Reply:
        return send(method, path.format(new=Departments().add()), body)(client, target)

    return request
