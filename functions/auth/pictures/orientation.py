"""Which way up a photograph is meant (Exif tag 274): all that is kept of Exif, which may tell where somebody lives."""

import struct

_HEAD = b"Exif\0\0"
_ORIENTATION, _SHORT = 274, 3
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def orientation_in(said: bytes) -> int | None:
    """2 to 8, as the first directory of an Exif segment says; None when it says nothing, or not plainly."""
    if not said.startswith(_HEAD):
        return None
    tiff = said[len(_HEAD) :]
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        [start] = struct.unpack_from(f"{order}I", tiff, 4)
        [entries] = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
            if (tag, kind, count) == (_ORIENTATION, _SHORT, 1):
                return value if 2 <= value <= 8 else None
    except struct.error:
        pass
    return None


def segment_of(orientation: int) -> bytes:
    """An Exif segment that says this and nothing else."""
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
    return _HEAD + b"MM\0*" + struct.pack(">I", 8) + directory
