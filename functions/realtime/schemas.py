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
    """Return what a client said. Raises TooLarge, MalformedBody, InvalidFields; none repeats what was sent."""
    if isinstance(body, str) and len(body) > MAX_MESSAGE:
        raise TooLarge
    try:
        payload = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError) as error:
        raise MalformedBody from error
    if not isinstance(payload, dict):
        raise MalformedBody
    broken_fields = _invalid_fields(payload)
    if broken_fields:
        raise InvalidFields(broken_fields)
    task_ids = payload.get("task_ids")
    return Message(ReplyKind(payload["action"]), None if task_ids is None else tuple(map(str, task_ids)))


def watching(connection: Connection) -> bytes:
    """Return what a socket watches now."""
    task_ids = [str(to_uuid(task_id)) for task_id in connection.task_ids]
    return _message({"action": "watching", "task_ids": task_ids, "own": connection.watches_own})


def error_message(error: ScanwardError) -> bytes:
    """Return why a message was not done; nothing of it was."""
    details: dict[str, Any] = dict(error.fields) if isinstance(error, InvalidFields) else {}
    if isinstance(error, TooManyRequests):
        details["retry_after"] = error.retry_after
    payload = {"code": status_of(error).code, "message": error.message, "details": details}
    return _message({"action": "error", "error": payload})


def _invalid_fields(payload: dict[str, Any]) -> dict[str, list[str]]:
    errors = {"message": ["Only action and task_ids are known."]} if payload.keys() - FIELDS else {}
    if payload.get("action") not in list(ReplyKind):
        errors["action"] = [f"One of {', '.join(ReplyKind)}."]
    task_ids = payload.get("task_ids")
    if task_ids is not None and not (
        isinstance(task_ids, list) and len(task_ids) <= MAX_NAMED and all(map(_is_name, task_ids))
    ):
        errors["task_ids"] = [f"A list of up to {MAX_NAMED} ids or task tokens."]
    return errors


def _is_name(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _message(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()
