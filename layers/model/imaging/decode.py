"""A file's bytes → a picture, or a refusal; never anything else."""

import dataclasses
import time
from functools import partial

from imaging.bounds import check_bytes
from imaging.dicom.meta import transfer_syntax
from imaging.errors import ImageError, bad_input, too_large, unsupported_format
from imaging.image import Format, Picture
from imaging.jpeg_png import HEAD_BYTES, decode_jpeg, decode_png, sniff


def decode(data: bytes, *, whole: bool = False) -> Picture:
    """Decode a JPEG, PNG or DICOM file, no larger than people are shown it, or `whole`: to `bounds.DETAIL_PIXELS`.

    Raises ImageError, with BAD_INPUT (broken, or no such format), TOO_LARGE (beyond `imaging.bounds`) or UNSUPPORTED
    (a variant that is not read). The cause is not kept: the decoders' own messages may quote a patient's header.
    """
    start = time.perf_counter()
    check_bytes(len(data))
    kind = sniff(data[:HEAD_BYTES])
    if kind is None:
        raise unsupported_format("The file is neither a JPEG, a PNG nor a DICOM image.")
    try:
        picture = _decode(data, kind, whole=whole)
    except ImageError:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a decoder fed by strangers may raise anything
        raise bad_input(f"The {kind} image is damaged and cannot be read.") from None
    smaller = picture.pixels.size < picture.facts.rows * picture.facts.columns
    finer = partial(decode, data, whole=True) if smaller and not whole else None
    return dataclasses.replace(picture, decode_ms=(time.perf_counter() - start) * 1000, finer=finer)


def _decode(data: bytes, kind: Format, *, whole: bool) -> Picture:
    if kind == "JPEG":
        return decode_jpeg(data, whole=whole)
    if kind == "PNG":
        return decode_png(data, whole=whole)
    syntax = transfer_syntax(data)
    from imaging.dicom.read import decode_dicom  # noqa: PLC0415 - pydicom takes 190 ms to import: only when one comes

    return decode_dicom(data, syntax, whole=whole)
