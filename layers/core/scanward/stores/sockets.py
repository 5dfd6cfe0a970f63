"""The management side of the WebSocket API: sending to open sockets, looking at them, closing them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import ScanwardError, Unavailable
from scanward.stores.sdk import websocket_management

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


class SocketGone(ScanwardError):
    """The socket is closed, or its handshake is not over yet."""

    message = "The socket is gone"


class Sockets:
    """The sockets of one WebSocket API and stage."""

    def __init__(self, api_id: str, stage: str, region: str) -> None:
        # On a local cloud all services share one address, and the management side lies under a path of it.
        local = os.environ.get("AWS_ENDPOINT_URL")
        self._endpoint = (
            f"{local}/_aws/execute-api/{api_id}/{stage}"
            if local
            else f"https://{api_id}.execute-api.{region}.amazonaws.com/{stage}"
        )

    def send(self, connection_id: str, message: bytes) -> None:
        """Sends one message. Raises SocketGone, or Unavailable when it should be tried again."""
        with self._managing() as client:
            client.post_to_connection(ConnectionId=connection_id, Data=message)

    def close(self, connection_id: str) -> None:
        """Closes a socket. Raises as `send` does."""
        with self._managing() as client:
            client.delete_connection(ConnectionId=connection_id)

    def is_open(self, connection_id: str) -> bool:
        """Whether the socket is there. Raises Unavailable."""
        try:
            with self._managing() as client:
                client.get_connection(ConnectionId=connection_id)
        except SocketGone:
            return False
        return True

    @contextmanager
    def _managing(self) -> Iterator["ApiGatewayManagementApiClient"]:
        client = websocket_management(self._endpoint)
        try:
            yield client
        except client.exceptions.GoneException as gone:
            raise SocketGone from gone
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure
