"""Answers that say what was done, where there is nothing to show."""

from scanward.web.fields import Out


class MessageOut(Out):
    """What was done."""

    message: str
