"""Replays the exchanges of the published documents, kept in tests/data/contracts, and compares what they show.

In the data a kind such as `{int}` or `{time}` stands for any such value; `{refresh}` and `{access}` for the last token
of that kind, and any other name for what the test has given it. Where we answer something else than a document on
purpose, `differs` says what at which part of the response, and why; README's table has the same reason.
"""

import json
from copy import deepcopy
from functools import reduce
from operator import getitem
from typing import Any

from tests.contracts.comparison import compare
from tests.support.client import ApiClient, Reply
from tests.support.cloud import ROOT


class Replay:
    """One document's exchanges, played by one app that remembers the tokens it was given last."""

    def __init__(self, contract: str) -> None:
        path = ROOT / "tests" / "data" / "contracts" / f"{contract}.json"
        self._exchanges: dict[str, Any] = json.loads(path.read_text())
        self.names = list(self._exchanges)
        self.tokens: dict[str, str] = {}
        self.named: dict[str, int | str] = {}

    def play(self, *names: str) -> Reply:
        """Plays exchanges in this order, each as its document shows it; the last one's reply."""
        for name in names:
            exchange = self.exchange(name)
            request, documented = exchange["request"], _ours(exchange["response"])
            reply = _send(ApiClient(self.tokens[request["token"]] if "token" in request else None), request)
            assert reply.status == documented["status"], (name, reply.body)
            if "content_type" in documented:
                assert reply.headers["content-type"] == documented["content_type"], name
            if "json" in documented:
                compare(documented["json"], reply.json, name)
                self._remember(reply.json)
        return reply

    def play_as(self, token: str | None, name: str) -> Reply:
        """Return the reply to a request that comes with another token, or with none."""
        return _send(ApiClient(token), self.exchange(name)["request"])

    def exchange(self, name: str) -> Any:
        """Return what is sent and what is answered, with the values of all that has a name by now."""
        return _filled(self._exchanges[name], self.tokens | self.named)

    def sent(self, name: str) -> Any:
        """Return the JSON body of a request."""
        return self._exchanges[name]["request"]["json"]

    def asking(self) -> list[str]:
        """Return the exchanges whose requests come with a token."""
        return [name for name, exchange in self._exchanges.items() if "token" in exchange["request"]]

    def reasons(self) -> list[str]:
        """Return why we differ from the document, once for each part that does."""
        responses = [exchange.get("response", {}) for exchange in self._exchanges.values()]
        return [difference["why"] for response in responses for difference in response.get("differs", {}).values()]

    def _remember(self, answer: Any) -> None:
        found = answer.get("data", answer) if isinstance(answer, dict) else {}
        for kind in ("access", "refresh"):
            for name in (kind, f"{kind}_token"):
                if isinstance(found, dict) and name in found:
                    self.tokens[kind] = found[name]


def _send(client: ApiClient, request: Any) -> Reply:
    method, path = request["method"], request["path"]
    if "files" in request:
        files = {field: (ROOT / name).read_bytes() for field, name in request["files"].items()}
        return client.upload(path, files, request.get("fields"), method)
    if "form" in request:
        return client.form(path, request["form"])
    if "json" not in request:
        return client.send(method, path)
    return client.send(method, path, json.dumps(request["json"]).encode(), "application/json")


def _filled(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(part, known) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, known) for part in value]
    if not isinstance(value, str):
        return value
    for name, found in known.items():
        if value == f"{{{name}}}":
            return found
        value = value.replace(f"{{{name}}}", str(found))
    return value


def _ours(response: Any) -> Any:
    """Return the response with what we answer instead; a difference that is none fails."""
    ours = deepcopy(response)
    for place, difference in ours.pop("differs", {}).items():
        *way, last = place.split(".")
        part = reduce(getitem, way, ours)
        assert part[last] != difference["ours"], place
        part[last] = difference["ours"]
    return ours
