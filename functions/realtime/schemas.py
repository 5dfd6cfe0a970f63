"""How messages are spelled on a socket, either way. What is pushed of a task is spelled where it is pushed."""

import json
from typing import Any

from functions.realtime.usecases.subscriptions import Message, ReplyKind
from scanward.domain.ids import to_uuid
from scanward.domain.subscriptions import Connection
from scanward.errors import InvalidFields, MalformedBody, ScanwardError, TooLarge, TooManyRequests
from scanward.web.families import status_of

MAX_MESSAGE = 16_384  # characters; twenty task tokens fit
MAX_NAMED = 100  # before repeated ones are dropped
PONG = b'{"action":"pong"}'
FIELDS = frozenset({"action", "task_ids"})


def read_message(body: object) -> Message:
    """What a client said. Raises TooLarge, MalformedBody, InvalidFields; none repeats what was sent."""
    if isinstance(body, str) and len(body) > MAX_MESSAGE:
        raise TooLarge
    try:
        said = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError) as broken:
        raise MalformedBody from broken
    if not isinstance(said, dict):
        raise MalformedBody
    broken_fields = _invalid_fields(said)
    if broken_fields:
        raise InvalidFields(broken_fields)
    named = said.get("task_ids")
    return Message(ReplyKind(said["action"]), None if named is None else tuple(map(str, named)))


def watching(connection: Connection) -> bytes:
    """What a socket watches now."""
    named = [str(to_uuid(task_id)) for task_id in connection.task_ids]
    return _message({"action": "watching", "task_ids": named, "own": connection.watches_own})


def error_message(error: ScanwardError) -> bytes:
    """Why a message was not done; nothing of it was."""
    details: dict[str, Any] = dict(error.fields) if isinstance(error, InvalidFields) else {}
    if isinstance(error, TooManyRequests):
        details["retry_after"] = error.retry_after
    said = {"code": status_of(error).code, "message": error.message, "details": details}
    return _message({"action": "error", "error": said})


def _invalid_fields(said: dict[str, Any]) -> dict[str, list[str]]:
    broken = {"message": ["Only action and task_ids are known."]} if said.keys() - FIELDS else {}
    if said.get("action") not in list(ReplyKind):
        broken["action"] = [f"One of {', '.join(ReplyKind)}."]
    named = said.get("task_ids")
    if named is not None and not (isinstance(named, list) and len(named) <= MAX_NAMED and all(map(_is_name, named))):
        broken["task_ids"] = [f"A list of up to {MAX_NAMED} ids or task tokens."]
    return broken


def _is_name(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _message(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()
