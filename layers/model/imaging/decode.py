"""A file's bytes → a picture, or a refusal; never anything else."""

import dataclasses
import time

from imaging.bounds import check_bytes
from imaging.dicom_meta import transfer_syntax
from imaging.formats import HEAD_BYTES, sniff
from imaging.picture import Format, Picture
from imaging.raster import decode_jpeg, decode_png
from imaging.refusal import ImageRefused, bad_input, too_large, unsupported


def decode(data: bytes) -> Picture:
    """Decode a JPEG, PNG or DICOM file.

    Raises ImageRefused, with BAD_INPUT (broken, or no such format), TOO_LARGE (beyond `imaging.bounds`) or UNSUPPORTED
    (a variant that is not read). The cause is not kept: the decoders' own messages may quote a patient's header.
    """
    started = time.perf_counter()
    check_bytes(len(data))
    kind = sniff(data[:HEAD_BYTES])
    if kind is None:
        raise unsupported("The file is neither a JPEG, a PNG nor a DICOM image.")
    try:
        picture = _decode(data, kind)
    except ImageRefused:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a decoder fed by strangers may raise anything
        raise bad_input(f"The {kind} image is damaged and cannot be read.") from None
    return dataclasses.replace(picture, decode_ms=(time.perf_counter() - started) * 1000)


def _decode(data: bytes, kind: Format) -> Picture:
    if kind == "JPEG":
        return decode_jpeg(data)
    if kind == "PNG":
        return decode_png(data)
    syntax = transfer_syntax(data)
    from imaging.dicom import decode_dicom  # noqa: PLC0415 - pydicom takes 190 ms to import: only when one comes

    return decode_dicom(data, syntax)
