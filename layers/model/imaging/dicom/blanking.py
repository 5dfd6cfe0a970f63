"""Text in the pixels of a DICOM file: looked for in some frames, and blanked in all of them.

Encoded frames are decoded for that and stay so: encoding them anew would change what lies beside the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.burned_in_text import Region, View, find_text
from imaging.dicom.header import PixelLayout
from imaging.dicom.lookup_tables import read_palette
from imaging.dicom.meta import BIG_ENDIAN, LOSSY, TRANSFER_SYNTAXES, Coding
from imaging.dicom.pixels import RawFrame, settle_contradictions, settle_depth, shrink_frame
from imaging.dicom.read import decode_frame, decode_rle_frame, read_native_frame
from imaging.errors import too_large, unsupported_format
from imaging.image import Picture, StoredPixels
from imaging.jpeg_png import decode_jpeg_frame, decode_jpeg_in_colour

EXPLICIT = "1.2.840.10008.1.2.1"

MAX_DECODED_SAMPLES = {"rle": 64_000_000, "jpeg-2000": 64_000_000, "jpeg": 192_000_000, "jpeg-ls": 192_000_000}
"""Of all encoded frames that are decoded for a copy. That takes 10 seconds at most, of the minute a function has."""
MAX_DECODED_BYTES = 192_000_000
MAX_FRAME_SAMPLES = 64_000_000
"""Of one of them: a progressive JPEG takes some bytes more for each of its samples while it is decoded in colour."""

_SAMPLED_FRAMES = 9
_SAMPLED_SAMPLES = 24_000_000
"""Of the frames that are looked at besides the middle one."""
_BYTE, _WORD = 8, 16


@dataclass(frozen=True)
class PixelSource:
    """What of a file its frames are read from, cleaned of what is no pixel.

    `frames`: each encoded one, or all of them as one where they are not encoded. `words`: see
    `imaging.dicom.read.is_word_data`.
    """

    header: Dataset
    layout: PixelLayout
    frames: list[bytes]
    syntax: str
    words: bool

    @property
    def is_native(self) -> bool:
        """Tell whether the frames are not encoded."""
        return self.coding == "native"

    @property
    def coding(self) -> Coding:
        """Return how the frames are encoded."""
        return TRANSFER_SYNTAXES[self.syntax]

    @property
    def is_swapped(self) -> bool:
        """Tell whether each two bytes of pixels are in the wrong order."""
        return self.words and self.layout.bits_allocated == _BYTE


@dataclass(frozen=True)
class BlankedPixels:
    """All frames with regions of them blanked, in a transfer syntax without encoding.

    `changes`: what the copy's header says otherwise than the file's, by keyword.
    """

    data: memoryview
    syntax: str
    changes: dict[str, Any]


def find_burned_in_text(source: PixelSource, picture: Picture) -> tuple[Region, ...]:
    """Return where text is drawn into the frames that are looked at, in pixels of a frame.

    `picture`: the middle frame, decoded. Raises ImageError if another one cannot be read.
    """
    return find_text(_views(source, picture), source.layout.rows, source.layout.columns)


def _views(source: PixelSource, picture: Picture) -> Iterator[View]:
    """Yield the image as it is shown, and with all of its values where the window hides some.

    Of several frames: the first, the middle and the last, and the brightest and darkest values of a sample of them.
    """
    yield View(picture.to_grey())
    if source.layout.frames == 1:
        yield from _whole_range(picture)
        return
    if source.layout.bits_allocated not in (_BYTE, _WORD):  # each frame of 32 bits is read in a range of its own
        raise unsupported_format("Several frames of 1 or of 32 bits are not looked at.")
    highest = lowest = picture.pixels
    last = source.layout.frames - 1
    for index in _sample(source.layout):
        pixels = _small_frame(source, index)
        if pixels.shape != highest.shape:
            raise unsupported_format("The frames are of different sizes.")
        highest, lowest = np.maximum(highest, pixels), np.minimum(lowest, pixels)
        if index in (0, last):
            yield View(replace(picture, pixels=pixels).to_grey(), is_rough=True)
    for pixels in (highest, lowest):
        changed_picture = replace(picture, pixels=pixels)
        yield View(changed_picture.to_grey())
        yield from _whole_range(changed_picture)


def _whole_range(picture: Picture) -> Iterator[View]:
    """Yield all values of a picture, if the window shows some of them as black or white."""
    pixels = picture.pixels
    low, high = float(pixels.min()), float(pixels.max())
    shown = sorted((end - picture.intercept) / picture.slope for end in (picture.low, picture.high))
    if high > low and (shown[0] > low or shown[1] < high):
        grey = (pixels - np.float32(low)) * np.float32(255 / (high - low)) + np.float32(0.5)
        yield View(grey.astype(np.uint8), is_rough=True)


def _sample(layout: PixelLayout) -> list[int]:
    """Return which frames to look at besides the middle one: first and last before all, then some between them."""
    affordable = _SAMPLED_SAMPLES // (layout.rows * layout.columns * layout.samples)
    count = max(2, min(_SAMPLED_FRAMES, affordable))
    places = np.linspace(0, layout.frames - 1, count).round().astype(int).tolist()
    return sorted(set(places) - {layout.frames // 2})


def _small_frame(source: PixelSource, index: int) -> StoredPixels:
    """Return a frame in grey and as large as people are shown it, as the middle frame is read."""
    layout = source.layout
    palette = None
    if layout.photometric == "PALETTE COLOR":
        palette = read_palette(source.header, layout.bits_stored, big_endian=source.syntax == BIG_ENDIAN)
    if source.is_native:
        raw = _native_frame(source, index)
    elif source.coding == "rle":
        raw = decode_rle_frame(source.frames[index], layout)
    else:
        frame = decode_frame(source.frames[index], layout, source.syntax, whole=False)
        if frame is None:
            return decode_jpeg_frame(source.frames[index], layout.pixel_ratio, whole=False)
        raw = frame.values
        layout, _ = settle_contradictions(frame, layout)
    values, layout = settle_depth(raw, layout)
    return shrink_frame(values, layout, palette, None, whole=False)


def _native_frame(source: PixelSource, index: int) -> RawFrame:
    size = source.layout.frame_bytes
    one = replace(source.layout, frames=1)
    frame = memoryview(source.frames[0])[index * size : (index + 1) * size]
    return read_native_frame(frame, one, big_endian=source.syntax == BIG_ENDIAN, words=source.is_swapped)


def blank_regions(source: PixelSource, regions: tuple[Region, ...], *, is_low_bright: bool) -> BlankedPixels:
    """Return all frames with the regions as dark as the darkest pixel of their frame, as it is shown.

    `is_low_bright`: low values are shown bright. Raises ImageError: TOO_LARGE if decoding takes too much, or as a frame
    cannot be read.
    """
    layout = source.layout
    if layout.bits_allocated not in (_BYTE, _WORD):
        raise unsupported_format("Pixels of 1 or of 32 bits are not blanked.")
    if source.is_native:
        data = bytearray(source.frames[0])
        syntax, changes = source.syntax, dict[str, Any]()
    else:
        data, layout, changes = _decode_frames(source)
        syntax = EXPLICIT
    dtype = np.dtype(np.uint8 if layout.bits_allocated == _BYTE else ">u2" if syntax == BIG_ENDIAN else "<u2")
    is_swapped = source.is_native and source.is_swapped
    if is_swapped:
        if len(data) % 2:
            raise unsupported_format("Frames of an odd length in big-endian words are not blanked.")
        np.frombuffer(data, np.uint16).byteswap(inplace=True)
    frames = _as_samples(np.frombuffer(data, dtype), layout)
    black = None
    if layout.photometric == "PALETTE COLOR":
        palette = read_palette(source.header, layout.bits_stored, big_endian=source.syntax == BIG_ENDIAN)
        black = np.array([(palette.first + int(palette.grey.argmin())) % (1 << layout.bits_allocated)], dtype)
    for frame in frames:
        value = _black(frame, layout, is_low_bright=is_low_bright) if black is None else black
        for region in regions:
            _window(frame, region, layout)[:] = value
    if is_swapped:
        np.frombuffer(data, np.uint16).byteswap(inplace=True)
    return BlankedPixels(memoryview(data), syntax, changes)


def _as_samples(values: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Return frames x rows x columns x samples of a flat array, which they stay part of.

    Of subsampled colour a column is two pixels wide, and has four samples.
    """
    shape = (layout.frames, layout.rows, layout.columns)
    if layout.has_subsampling:
        return values.reshape(layout.frames, layout.rows, layout.columns // 2, 4)
    if layout.samples == 3 and layout.planar:
        return np.moveaxis(values.reshape(layout.frames, 3, *shape[1:]), 1, -1)
    return values.reshape(*shape, layout.samples)


def _window(frame: NDArray[Any], region: Region, layout: PixelLayout) -> NDArray[Any]:
    rows = slice(region.top, region.top + region.rows)
    left, right = region.left, region.left + region.columns
    if layout.has_subsampling:
        left, right = left // 2, -(-right // 2)
    return frame[rows, left:right]


def _black(frame: NDArray[Any], layout: PixelLayout, *, is_low_bright: bool) -> NDArray[Any]:
    """Return the samples of a black pixel; of grey, those of the frame's darkest one, bits above its own included."""
    middle = 1 << layout.high_bit
    if layout.has_subsampling:
        return np.array([0, 0, middle, middle], frame.dtype)
    if layout.samples == 3:
        return np.array([0, middle, middle] if layout.photometric.startswith("YBR_FULL") else [0, 0, 0], frame.dtype)
    flat = frame.reshape(-1)
    own = np.bitwise_and(np.right_shift(flat, layout.shift), flat.dtype.type((1 << layout.bits_stored) - 1))
    if layout.is_signed:
        own = np.bitwise_xor(own, own.dtype.type(1 << (layout.bits_stored - 1)))
    place = int(own.argmax() if is_low_bright else own.argmin())
    return flat[place : place + 1].copy()


def _decode_frames(source: PixelSource) -> tuple[bytearray, PixelLayout, dict[str, Any]]:
    """Return all encoded frames as they are without encoding, their layout, and what of it the header must say."""
    layout = source.layout
    frame_samples = layout.rows * layout.columns * layout.samples
    samples = layout.frames * frame_samples
    if (
        frame_samples > MAX_FRAME_SAMPLES
        or samples > MAX_DECODED_SAMPLES[source.coding]
        or samples * layout.bits_allocated // 8 > MAX_DECODED_BYTES
    ):
        raise too_large("The image is too large to be decoded for a copy.")
    dtype = np.dtype(np.uint8 if layout.bits_allocated == _BYTE else "<u2")
    data = bytearray(samples * dtype.itemsize)
    photometric = "RGB" if layout.photometric in ("YBR_ICT", "YBR_RCT") else layout.photometric
    photometric = "YBR_FULL" if photometric == "YBR_FULL_422" else photometric
    settled_layout = layout
    per_frame = np.frombuffer(data, dtype).reshape(layout.frames, layout.rows, layout.columns, layout.samples)
    for encoded_frame, target in zip(source.frames, per_frame, strict=True):
        if source.coding == "rle":
            values = decode_rle_frame(encoded_frame, layout)
        elif frame := decode_frame(encoded_frame, layout, source.syntax, whole=True):
            values, photometric = frame.values, frame.colours or photometric
            settled_layout, _ = settle_contradictions(frame, layout)
        else:
            values = decode_jpeg_in_colour(encoded_frame)
            photometric = "RGB" if layout.samples == 3 else photometric
        if values.size != target.size or values.itemsize > dtype.itemsize:
            raise unsupported_format("The frame is not as large as its header says.")
        target[:] = values.reshape(target.shape)
    changes: dict[str, Any] = {"PhotometricInterpretation": photometric}
    if layout.samples == 3:
        changes["PlanarConfiguration"] = 0
    if (settled_layout.bits_stored, settled_layout.high_bit) != (layout.bits_stored, layout.high_bit):
        changes |= {"BitsStored": settled_layout.bits_stored, "HighBit": settled_layout.high_bit}
    if source.syntax in LOSSY and "LossyImageCompression" not in source.header:
        changes["LossyImageCompression"] = "01"
    return data, replace(settled_layout, photometric=photometric, planar=False), changes


def blank_text(source: PixelSource, picture: Picture) -> tuple[tuple[Region, ...], BlankedPixels | None]:
    """Return where text was found, and the frames without it; None if none was found, or it cannot be blanked."""
    regions: tuple[Region, ...] = ()
    try:
        regions = find_burned_in_text(source, picture)
        if not regions:
            return (), None
        lowest, highest = picture.to_brightness(np.array([picture.pixels.min(), picture.pixels.max()]))
        is_low_bright = bool(lowest > highest)
        return regions, blank_regions(source, regions, is_low_bright=is_low_bright)
    except Exception:  # frames that nothing else reads may be damaged in any way: the rest of the copy is made
        return regions, None
