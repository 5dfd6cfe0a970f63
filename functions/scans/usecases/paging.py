"""Pages of lists: a bounded number of rows, and a signed cursor for the rest."""

from collections.abc import Callable, Sequence

from scanward.domain.pagination import PageRequest
from scanward.security.tokens import Tokens
from scanward.stores.scans import Ids


def read_page(
    tokens: Tokens, scope: str, window: PageRequest, read: Callable[[int, int | None], Ids]
) -> tuple[Sequence[int], str | None]:
    """Return ids, and the cursor of the next page, which holds for this list alone. Raises InvalidCursor."""
    before = tokens.read_cursor(window.cursor, scope) if window.cursor else None
    list_page = read(window.limit, before)
    return list_page.items, tokens.cursor(list_page.last, scope) if list_page.last is not None else None
