"""Encoded frames of each compressed transfer syntax, made by the codecs' own encoders."""

import io
import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import UID

JPEG_BASELINE = UID("1.2.840.10008.1.2.4.50")
JPEG_EXTENDED = UID("1.2.840.10008.1.2.4.51")
JPEG_LOSSLESS = UID("1.2.840.10008.1.2.4.57")
JPEG_LOSSLESS_FIRST = UID("1.2.840.10008.1.2.4.70")
JPEG_LS = UID("1.2.840.10008.1.2.4.80")
JPEG_LS_NEAR = UID("1.2.840.10008.1.2.4.81")
JPEG_2000_LOSSLESS = UID("1.2.840.10008.1.2.4.90")
JPEG_2000 = UID("1.2.840.10008.1.2.4.91")
HTJ2K_LOSSLESS = UID("1.2.840.10008.1.2.4.201")

Pixels = NDArray[Any]


def jpeg(pixels: Pixels, **options: Any) -> bytes:
    """Return a JPEG of grey or colour pixels of 8 bits."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def extended_jpeg(pixels: Pixels) -> bytes:
    """Return a lossy JPEG of 12 bits."""
    return bytes(imagecodecs.jpeg8_encode(pixels, 98, bitspersample=12))


def lossless_jpeg(pixels: Pixels, predictor: int = 1, bits: int | None = None) -> bytes:
    """Return a lossless JPEG; signed values as their bits are."""
    plain = _unsigned(pixels)
    colours = "RGB" if plain.ndim == 3 else None
    return bytes(
        imagecodecs.jpeg8_encode(
            plain,
            lossless=True,
            predictor=predictor,
            bitspersample=bits or plain.dtype.itemsize * 8,
            colorspace=colours,
            outcolorspace=colours,
        )
    )


def jpeg_ls(pixels: Pixels, loss: int = 0) -> bytes:
    """Return a JPEG-LS frame whose values are wrong by `loss` at most."""
    return bytes(imagecodecs.jpegls_encode(_unsigned(pixels), loss))


def jpeg_2000(pixels: Pixels, bits: int | None = None, *, reversible: bool = True, **options: Any) -> bytes:
    """Return a bare JPEG 2000 codestream."""
    level = 0 if reversible else 90
    depth = bits or pixels.dtype.itemsize * 8
    return bytes(
        imagecodecs.jpeg2k_encode(
            pixels, level, codecformat="J2K", bitspersample=depth, reversible=reversible, **options
        )
    )


def in_tile_parts(pixels: Pixels, side: int = 32) -> bytes:
    """Return a codestream of tiles, each in two parts that say there is one; first come the first parts."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file, "JPEG2000", tile_size=(side, side), mct=pixels.ndim - 2, irreversible=False, no_jp2=True
    )
    codestream = file.getvalue()
    position = start = codestream.index(b"\xff\x90")
    first, second = b"", b""
    while codestream[position : position + 2] == b"\xff\x90":
        tile, size = struct.unpack_from(">HI", codestream, position + 4)
        packets = codestream[position + 14 : position + size]
        for part, body in enumerate((packets[: len(packets) // 2], packets[len(packets) // 2 :])):
            head = struct.pack(">HHHIBBH", 0xFF90, 10, tile, 14 + len(body), part, 1, 0xFF93)
            first, second = (first + head + body, second) if part == 0 else (first, second + head + body)
        position += size
    return codestream[:start] + first + second + codestream[position:]


def without_jfif(frame: bytes) -> bytes:
    """Return a JPEG without the marker that says that it is luminance and colour."""
    return _without_first_segment(frame, 0xE0)


def without_adobe(frame: bytes) -> bytes:
    """Return a JPEG without the marker that says what its colours are."""
    return _without_first_segment(frame, 0xEE)


def _without_first_segment(frame: bytes, marker: int) -> bytes:
    assert frame[2:4] == bytes((0xFF, marker))
    return frame[:2] + frame[4 + int.from_bytes(frame[4:6], "big") :]


def high_throughput(pixels: Pixels) -> bytes:
    """Return the same, coded for speed."""
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True))


def _unsigned(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels).view(f"u{pixels.dtype.itemsize}")


ENCODERS: dict[UID, Callable[[Pixels], bytes]] = {
    JPEG_BASELINE: lambda pixels: jpeg(pixels, quality=95),
    JPEG_EXTENDED: extended_jpeg,
    JPEG_LOSSLESS: lambda pixels: lossless_jpeg(pixels, 7),
    JPEG_LOSSLESS_FIRST: lossless_jpeg,
    JPEG_LS: jpeg_ls,
    JPEG_LS_NEAR: lambda pixels: jpeg_ls(pixels, 3),
    JPEG_2000_LOSSLESS: jpeg_2000,
    JPEG_2000: lambda pixels: jpeg_2000(pixels, reversible=False),
    HTJ2K_LOSSLESS: high_throughput,
}
EXACT = (JPEG_LOSSLESS, JPEG_LOSSLESS_FIRST, JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS)
