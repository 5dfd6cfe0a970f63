"""A file's bytes → a picture, or a refusal; never anything else."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imaging.bounds import check_bytes
from imaging.dicom.meta import complete_meta, transfer_syntax
from imaging.errors import ImageError, bad_input, too_large, unsupported_format
from imaging.image import Colours, Format, Picture
from imaging.jpeg_png import HEAD_BYTES, decode_jpeg, sniff
from imaging.png_pixels import decode_png
from segments import explain_foreign


def decode(data: bytes, *, whole: bool = False) -> Picture:
    """Decode a JPEG, PNG or DICOM file, no larger than people are shown it, or `whole`: to `bounds.DETAIL_PIXELS`.

    Raises ImageError, with BAD_INPUT (broken, or no such format), TOO_LARGE (beyond `imaging.bounds`) or UNSUPPORTED
    (a variant that is not read). The cause is not kept: the decoders' own messages may quote a patient's header.
    """
    start = time.perf_counter()
    check_bytes(len(data))
    kind = sniff(data[:HEAD_BYTES])
    if kind is None:
        if foreign := explain_foreign(data[:HEAD_BYTES]):
            raise unsupported_format(foreign)
        raise unsupported_format("The file is neither a JPEG, a PNG nor a DICOM image.")
    with _refuse_damage(kind):
        picture = _decode(data, kind, whole=whole)
    finer = partial(decode, data, whole=True) if picture.is_smaller and not whole else None
    colours = partial(_decode_colours, picture.colours, kind) if picture.colours else None
    took = (time.perf_counter() - start) * 1000
    return dataclasses.replace(picture, decode_ms=took, finer=finer, colours=colours)


def _decode_colours(decoder: Colours, kind: Format, whole: bool) -> NDArray[np.uint8]:
    with _refuse_damage(kind):
        return decoder(whole)


@contextmanager
def _refuse_damage(kind: Format) -> Iterator[None]:
    """Turn whatever a decoder raises into ImageError."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a decoder fed by strangers may raise anything
        raise bad_input(f"The {kind} image is damaged and cannot be read.") from None


def _decode(data: bytes, kind: Format, *, whole: bool) -> Picture:
    if kind == "JPEG":
        return decode_jpeg(data, whole=whole)
    if kind == "PNG":
        return decode_png(data, whole=whole)
    data = complete_meta(data)
    syntax = transfer_syntax(data)
    from imaging.dicom.read import decode_dicom  # noqa: PLC0415 - pydicom takes 190 ms to import: only when one comes

    return decode_dicom(data, syntax, whole=whole)
