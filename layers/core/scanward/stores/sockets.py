"""The management side of the WebSocket API: sending to an open socket."""

import os

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import ScanwardError, Unavailable
from scanward.stores.sdk import websocket_management


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
        client = websocket_management(self._endpoint)
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=message)
        except client.exceptions.GoneException as gone:
            raise SocketGone from gone
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure
