"""What an image may cost, checked against its header before any pixel is decoded. Light: cards import it, not numpy."""

from imaging.errors import bad_input, too_large

MAX_BYTES = 50 * 1024 * 1024
"""The documented size of an upload."""

MAX_SIDE = 16_384
"""Pixels. The largest X-ray detectors have about 5,000 a side, stitched films of a whole leg three times that."""

MAX_PIXELS = 64_000_000
"""Per frame. As RGBA this is 256 MB, as a progressive 4:4:4 JPEG 384 MB of coefficients: under 1 GB in all.
A detector of 43 cm at 70 µm has 38 million."""

MIN_SIDE = 32
"""Pixels. Below this there is nothing a model could read."""

MAX_FRAMES = 20_000
"""Two hours of fluoroscopy at 3 frames a second; only the middle frame is decoded."""

MAX_JPEG_SCANS = 100
"""A progressive JPEG has about ten; every one is a pass over all pixels, so thousands are an attack."""

MAX_SEGMENTS = 100_000
"""Of a JPEG or chunks of a PNG: 50 MB in pieces of 500 bytes; an image in smaller ones only costs time."""

PREVIEW_SIDE = 1024
"""Pixels. The longest side kept in memory after decoding, and that of a preview."""

DETAIL_PIXELS = 24_000_000
"""Kept of an image for a card that resizes as another library does. A detector of 43 cm at 100 µm has 18 million."""

MAX_INPUT_SIDE = 2048
"""Pixels. Of a network's input, and of what the shorter side of an image is resized to for it."""

FUNCTION_MB = 1769
"""Memory of the functions that run models, as the template says; it buys one whole vCPU."""

MODEL_MB = 600
"""What is left of that for a model: the largest image takes under 1,000, and the function itself about 150."""


def check_bytes(size: int) -> None:
    """Refuse an empty file, or one over `MAX_BYTES`."""
    if size == 0:
        raise bad_input("The file is empty.")
    if size > MAX_BYTES:
        raise too_large(f"The file has {size} bytes; at most {MAX_BYTES} are accepted.")


def check_dimensions(rows: int, columns: int) -> None:
    """Refuse frames with too few or too many pixels."""
    if rows < MIN_SIDE or columns < MIN_SIDE:
        raise bad_input(f"The image has {columns} x {rows} pixels; at least {MIN_SIDE} a side are needed.")
    if rows > MAX_SIDE or columns > MAX_SIDE or rows * columns > MAX_PIXELS:
        raise too_large(
            f"The image has {columns} x {rows} pixels; at most {MAX_SIDE} a side and {MAX_PIXELS} in all are accepted."
        )


def check_frames(frames: int) -> None:
    """Refuse more frames than any image has."""
    if frames > MAX_FRAMES:
        raise too_large(f"The image has {frames} frames; at most {MAX_FRAMES} are accepted.")
