"""Real image files, made by the encoders themselves, for the tests to spoil."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from tests.support import encoders
from tests.support.encoders import ENCODERS

IMPLICIT, EXPLICIT, BIG_ENDIAN = ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian
DEFLATED, RLE = DeflatedExplicitVRLittleEndian, RLELossless
JPEG_BASELINE, jpeg = encoders.JPEG_BASELINE, encoders.jpeg
PATIENT = "ZZYZX^PLANTED"
"""A name that must turn up nowhere."""

Pixels = NDArray[Any]


def ramp(rows: int = 96, columns: int = 128, top: int = 255) -> Pixels:
    """Brightness rising from left to right, a little from top to bottom; 8 bits, or 16 if `top` needs them."""
    across = np.linspace(0, 0.9 * top, columns)[None, :] + np.linspace(0, 0.1 * top, rows)[:, None]
    return across.astype(np.uint8 if top < 256 else np.uint16)


def png(pixels: Pixels, **options: Any) -> bytes:
    """Return a PNG of grey (8 or 16 bits) or colour pixels."""
    return _file(Image.fromarray(pixels), "PNG", **options)


def dicom(
    pixels: Pixels, syntax: UID = EXPLICIT, frame: bytes | None = None, *, offsets: bool = True, **elements: Any
) -> bytes:
    """Return a DICOM file; `pixels` are frames x rows x columns x samples (outer and inner ones optional).

    `frame` replaces the encoded pixel data of an encapsulated syntax, `offsets` says whether a table of them comes
    first; `elements` replace what follows from the pixels, and one given as None is left out. HighBit follows from
    BitsStored.
    """
    dataset = _dataset(pixels, syntax, encoded=frame is not None)
    if elements.get("BitsStored"):
        dataset.HighBit = elements["BitsStored"] - 1
    if frame is not None or syntax in ENCODERS:
        colour = pixels.shape[-1] == 3
        single = pixels.reshape(-1, *pixels.shape[-3 if colour else -2 :])
        frames = [frame] if frame is not None else [ENCODERS[syntax](one) for one in single]
        dataset.PixelData = encapsulate(frames, has_bot=offsets)
        dataset["PixelData"].VR = "OB"
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    if syntax == RLE and frame is None:
        dataset.compress(RLE)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _dataset(pixels: Pixels, syntax: UID, *, encoded: bool) -> FileDataset:
    samples = 3 if pixels.shape[-1] == 3 else 1
    frame = pixels[..., 0] if samples == 3 else pixels
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.1.1"), UID("1.2.3.4")
    # Compressing is a step of its own, from a dataset that is not.
    meta.TransferSyntaxUID = EXPLICIT if syntax == RLE and not encoded else syntax
    dataset = FileDataset("", {}, bytes(128), meta, is_implicit_VR=False, is_little_endian=syntax != BIG_ENDIAN)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.PatientName, dataset.PatientID = PATIENT, "PLANTED-4711"
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "DX", "CHEST", "PA"
    dataset.Rows, dataset.Columns = frame.shape[-2:]
    if frame.ndim == 3:
        dataset.NumberOfFrames = frame.shape[0]
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    stored = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == BIG_ENDIAN else "<"))
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    return dataset


def _file(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def half_size(sample: Path) -> Pixels:
    """Return the grey of a sample at half its size: a drawing that the models know, and small."""
    with Image.open(sample) as image:
        grey = image.convert("L")
    return np.asarray(grey.resize((grey.width // 2, grey.height // 2), Image.Resampling.BOX))
