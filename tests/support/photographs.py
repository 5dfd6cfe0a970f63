"""Photographs as a telephone makes them: with where they were taken, by what, and when."""

import struct
from io import BytesIO
from typing import Any
from zlib import crc32

from PIL import Image
from PIL.PngImagePlugin import PngInfo

PLACES = (b"PLACE-", b"Telephone", b"http://ns.adobe.com")
_COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40)]


def drawn(mode: str = "RGB") -> Image.Image:
    """Four colours in four corners: any turn or mirroring shows."""
    picture = Image.new("RGB", (48, 32))
    for corner, colour in enumerate(_COLOURS):
        picture.paste(colour, (24 * (corner % 2), 16 * (corner // 2), 24 * (corner % 2) + 24, 16 * (corner // 2) + 16))
    return picture.convert(mode)


def jpeg(orientation: int = 1, mode: str = "RGB", **how: Any) -> bytes:
    exif = Image.Exif()
    exif[271], exif[274], exif[306] = "Telephone", orientation, "2026:05:08 10:00:00 PLACE-when"
    exif.get_ifd(0x8825)[29] = "PLACE-gps"
    file = BytesIO()
    drawn(mode).save(file, "JPEG", quality=95, exif=exif, comment=b"PLACE-comment", **how)
    whole = file.getvalue()
    xmp = b"http://ns.adobe.com/xap/1.0/\0PLACE-xmp"
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + whole[2:] + b"PLACE-behind the end"


def png(mode: str = "RGB", **how: Any) -> bytes:
    said, file = PngInfo(), BytesIO()
    said.add_text("Comment", "PLACE-text")
    said.add_itxt("XML:com.adobe.xmp", "http://ns.adobe.com PLACE-xmp")
    exif = Image.Exif()
    exif[271] = "Telephone PLACE-exif"
    drawn(mode).save(file, "PNG", pnginfo=said, exif=exif, **how)
    return file.getvalue() + b"PLACE-behind the end"


def chunk(kind: bytes, said: bytes) -> bytes:
    return struct.pack(">I", len(said)) + kind + said + struct.pack(">I", crc32(kind + said))
