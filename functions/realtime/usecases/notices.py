"""Telling people what they are not watching a task for."""

import json

from functions.realtime.usecases.dependencies import Keeper
from scanward.errors import ScanwardError
from scanward.stores.notices import Notice
from scanward.stores.sockets import SocketGone


def question_answered(keeper: Keeper, notice: Notice) -> int:
    """Tells every open socket of the account that asked; gives back how many.

    Who is not connected reads it later, so a socket that is gone is let be. Raises what kept another one from it, after
    all were tried; told again, the others are told nothing new.
    """
    sent, failure = 0, None
    for slot in keeper.connections.slots(notice.account_id):
        try:
            keeper.sockets.send(slot.connection_id, _message(notice))
            sent += 1
        except SocketGone:
            continue
        except ScanwardError as kept:
            failure = kept
    if failure:
        raise failure
    return sent


def _message(notice: Notice) -> bytes:
    said = {"action": "question_answered", "question_id": notice.question_id}
    return json.dumps(said, separators=(",", ":")).encode()
