"""Reading parts of lists: signed cursors in, signed cursors out."""

from functions.records.usecases.dependencies import Clinic
from scanward.domain.windows import Window
from scanward.stores.clinic_lists import Part


def part(clinic: Clinic, window: Window, scope: str) -> Part:
    """The part of a list that a window shows. `scope` names the list. Raises InvalidCursor."""
    before = clinic.tokens.read_cursor(window.cursor, scope) if window.cursor else None
    return Part(window.skip, window.limit, before)


def cursor(clinic: Clinic, last: int | None, scope: str) -> str | None:
    """Where the next part begins, if there is one."""
    return clinic.tokens.cursor(last, scope) if last is not None else None
