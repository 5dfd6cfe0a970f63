"""What every phantom is in the end: an image, and the truth about what is on it."""

from dataclasses import dataclass

from training.phantom.canvas import Layer


@dataclass(frozen=True, eq=False)
class Phantom:
    """An image and what is on it."""

    film: Layer
    """Rows x columns, 0 (black) to 1 (white)."""
    masks: dict[str, Layer]
    """Label → 0 or 1 for each pixel; absent labels are absent."""
    window: tuple[float, float] | None = None
    """The Hounsfield units shown as black and as white, of a CT."""
    organ: Layer | None = None
    """Where findings can be, 0 or 1 for each pixel; None where that was not kept."""
