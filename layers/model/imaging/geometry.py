"""Where a picture comes to lie in a model's input, by the card's resize policy."""

from dataclasses import dataclass

from imaging.card import Input


@dataclass(frozen=True)
class Placement:
    """Where the picture lies in the model's input, as fractions of the input's height and width.

    Of a picture that was cropped it reaches beyond the input: `top` is negative, or `height` more than 1.
    """

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Geometry:
    """A box of the picture is resized to `size`, and that laid at `offset` in the input; negative: cut off there."""

    box: tuple[int, int, int, int]
    """Top, left, bottom, right."""
    size: tuple[int, int]
    offset: tuple[int, int]

    def kept(self, target: Input) -> tuple[int, int, int, int]:
        """What of the resized box lies in the input: top, left, bottom, right."""
        (top, left), (height, width) = self.offset, self.size
        return max(-top, 0), max(-left, 0), min(height, target.height - top), min(width, target.width - left)

    def placement(self, rows: int, columns: int, target: Input) -> Placement:
        """Where the whole picture, rows x columns, lies."""
        down = self.size[0] / (self.box[2] - self.box[0])
        across = self.size[1] / (self.box[3] - self.box[1])
        return Placement(
            (self.offset[0] - self.box[0] * down) / target.height,
            (self.offset[1] - self.box[1] * across) / target.width,
            rows * down / target.height,
            columns * across / target.width,
        )


def geometry_of(rows: int, columns: int, target: Input) -> Geometry:
    """How a picture of this size gets into the input."""
    whole = (0, 0, rows, columns)
    if target.resize == "stretch":
        return Geometry(whole, (target.height, target.width), (0, 0))
    if target.resize == "crop":
        return Geometry(_middle(rows, columns, target), (target.height, target.width), (0, 0))
    if target.resize == "short-side-crop":
        short = target.short_side or 0
        size = (short, int(short * columns / rows)) if rows <= columns else (int(short * rows / columns), short)
        return Geometry(whole, size, (-round((size[0] - target.height) / 2), -round((size[1] - target.width) / 2)))
    scale = min(target.height / rows, target.width / columns)
    size = max(1, round(rows * scale)), max(1, round(columns * scale))
    return Geometry(whole, size, ((target.height - size[0]) // 2, (target.width - size[1]) // 2))


def _middle(rows: int, columns: int, target: Input) -> tuple[int, int, int, int]:
    """The largest box of the input's shape in the middle of the picture."""
    scale = min(rows / target.height, columns / target.width)
    height, width = max(1, round(target.height * scale)), max(1, round(target.width * scale))
    top, left = rows // 2 - height // 2, columns // 2 - width // 2
    return top, left, top + height, left + width
