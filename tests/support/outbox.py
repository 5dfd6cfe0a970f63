"""Sockets that go nowhere."""

import json
from collections import defaultdict
from typing import Any

from scanward.stores.connections import ConnectionGone, WebSocketClient


class Outbox(WebSocketClient):
    """Keeps what is sent. A socket in `gone` is not there for that many calls; one that was closed never again."""

    def __init__(self) -> None:
        super().__init__("api", "live", "eu-central-1")
        self.sent: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.gone: dict[str, int] = {}
        self.closed: list[str] = []

    def send(self, connection_id: str, message: bytes) -> None:
        self._reach(connection_id)
        self.sent[connection_id].append(json.loads(message))

    def close(self, connection_id: str) -> None:
        self._reach(connection_id)
        self.closed.append(connection_id)

    def is_open(self, connection_id: str) -> bool:
        try:
            self._reach(connection_id)
        except ConnectionGone:
            return False
        return True

    def _reach(self, connection_id: str) -> None:
        if connection_id in self.closed:
            raise ConnectionGone
        if self.gone.get(connection_id, 0) > 0:
            self.gone[connection_id] -= 1
            raise ConnectionGone
