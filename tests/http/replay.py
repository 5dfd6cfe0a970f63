"""Replays the exchanges of the published documents, kept in tests/data/contracts, and compares what they show.

In the data `{int}`, `{uuid}`, `{random uuid}`, `{time}` and `{token}` stand for any such value; `{refresh}` for the
last refresh token, and in a path whatever else the test has named.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from scanward.domain.ids import parse_id
from tests.cloud import ROOT
from tests.http.client import Client, Reply

_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")


class Replay:
    """One document's exchanges, played by one app that remembers the tokens it was given last."""

    def __init__(self, contract: str) -> None:
        path = ROOT / "tests" / "data" / "contracts" / f"{contract}.json"
        self._exchanges: dict[str, Any] = json.loads(path.read_text())
        self.names = list(self._exchanges)
        self.tokens: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def play(self, *names: str) -> Reply:
        """Plays exchanges in this order, each as its document shows it; the last one's reply."""
        for name in names:
            reply = self._send(self._exchanges[name]["request"])
            documented = self._exchanges[name]["response"]
            assert reply.status == documented["status"], (name, reply.body)
            compare(documented["json"], reply.json, name)
            self._remember(reply.json)
        return reply

    def sent(self, name: str) -> Any:
        """The JSON body of a request."""
        return self._exchanges[name]["request"]["json"]

    def _send(self, request: Any) -> Reply:
        client = Client(self.tokens[request["token"]] if "token" in request else None)
        method, path = request["method"], request["path"]
        for name, value in self.named.items():
            path = path.replace(f"{{{name}}}", value)
        if "form" in request:
            return client.form(path, request["form"])
        if "json" not in request:
            return client.send(method, path)
        body = json.dumps(request["json"]).replace("{refresh}", self.tokens.get("refresh", ""))
        return client.send(method, path, body.encode(), "application/json")

    def _remember(self, answer: Any) -> None:
        found = answer.get("data", answer) if isinstance(answer, dict) else {}
        for kind in ("access", "refresh"):
            for name in (kind, f"{kind}_token"):
                if isinstance(found, dict) and name in found:
                    self.tokens[kind] = found[name]


def compare(documented: Any, answered: Any, where: str) -> None:
    """Every documented field is answered, with its value or one of its kind; answers may have more."""
    if isinstance(documented, dict):
        assert isinstance(answered, dict), where
        for name, value in documented.items():
            assert name in answered, f"{where}: {name}"
            compare(value, answered[name], f"{where}: {name}")
    elif isinstance(documented, list):
        assert len(documented) == len(answered), (where, answered)
        for one, other in zip(documented, answered, strict=True):
            compare(one, other, where)
    elif documented in _KINDS:
        assert _KINDS[documented](answered), (where, answered)
    else:
        assert (documented, type(documented)) == (answered, type(answered)), where


def _is_id(value: Any) -> bool:
    return type(value) is int and parse_id(str(value)) == value


def _is_uuid(value: Any) -> bool:
    return str(UUID(value)) == value and parse_id(value) > 0


def _is_time(value: Any) -> bool:
    return bool(value.endswith("Z") and datetime.fromisoformat(value))


_KINDS: dict[str, Callable[[Any], bool]] = {
    "{int}": _is_id,
    "{uuid}": _is_uuid,
    "{random uuid}": lambda value: UUID(value).version == 4 and str(UUID(value)) == value,
    "{time}": _is_time,
    "{token}": lambda value: bool(_TOKEN.fullmatch(value)),
}
