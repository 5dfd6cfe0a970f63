"""What is wrong with a picture."""

MAX_SIDE = 10_000


class BrokenPicture(ValueError):
    """Not a picture of its format, or not one that is taken."""


def check_size(columns: int, rows: int) -> None:
    """Raises BrokenPicture for sides that no portrait has, which would cost those who look at it their memory."""
    if not (0 < columns <= MAX_SIDE and 0 < rows <= MAX_SIDE):
        raise BrokenPicture
