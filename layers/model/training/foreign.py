"""Images that are no phantoms, as files: free ones of people, things and pages, from packages.

The packages (`requirements/images.in`) are data: they lie in an environment of their own, and none is imported.
"""

import gzip
import hashlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.decode import decode
from imaging.errors import ImageError
from training import files

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ROOT / ".local" / "venvs" / "images"
_PICTURES = ("skimage/data/*", "matplotlib/mpl-data/sample_data/*", "sklearn/datasets/images/*")
_DICOM = "data_store/data/*.dcm"
_VOLUMES = (
    "nilearn/datasets/data/*.nii.gz",
    *(f"dipy/data/files/{name}.nii.gz" for name in ("S0_10slices", "aniso_vox", "test_piesno")),
    "nibabel/tests/data/example4d.nii.gz",
)
_SLICES = 12
"""Of each volume, along each of its axes."""
_HELD_OUT_SHARE = 3
"""One of so many images is never trained on."""
_LEAST_SIDE = 32
_KINDS = {"CR": "radiographs", "DX": "radiographs", "RG": "radiographs", "CT": "CT", "MR": "MR", "US": "ultrasound"}
_NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}

Volume = NDArray[np.float32]


class NoImages(Exception):
    """The packages with the images are not installed."""


@dataclass(frozen=True)
class ForeignImage:
    """A file that no reference model may read. `kind`: as tables name it; `name` tells where it comes from."""

    kind: str
    name: str
    data: bytes

    @property
    def is_held_out(self) -> bool:
        """Tell whether it is kept out of training: slices of one volume along one axis go together."""
        origin = self.name.rpartition("#")[0] or self.name
        return int(hashlib.sha256(origin.encode()).hexdigest(), 16) % _HELD_OUT_SHARE == 0


def foreign_images() -> Iterator[ForeignImage]:
    """Yield every image of the packages that Scanward can decode, always in the same order. Raises NoImages."""
    folder = next(PACKAGES.glob("lib/python*/site-packages"), None)
    if folder is None:
        raise NoImages("the environment `images` is not there: python -m infra.local.environments images")
    yield from _pictures(folder)
    yield from _dicom_files(folder)
    for pattern in _VOLUMES:
        for path in sorted(folder.glob(pattern)):
            yield from _slices(path)


def _pictures(folder: Path) -> Iterator[ForeignImage]:
    for pattern in _PICTURES:
        for path in sorted(folder.glob(pattern)):
            if path.suffix in {".png", ".jpg", ".gif", ".tif"} and (data := _as_upload(path)):
                yield ForeignImage("photographs and pages", _name(folder, path), data)


def _as_upload(path: Path) -> bytes | None:
    """Return the file as it is if it can be uploaded, else as a PNG; None if it is too small to be a picture."""
    try:
        with Image.open(path) as image:
            grey = image.convert("L")
    except OSError:
        return None
    if min(grey.size) < _LEAST_SIDE:
        return None
    if path.suffix in {".png", ".jpg"}:
        return path.read_bytes()
    file = io.BytesIO()
    grey.save(file, "PNG")
    return file.getvalue()


def _dicom_files(folder: Path) -> Iterator[ForeignImage]:
    for path in sorted(folder.glob(_DICOM)):
        data = path.read_bytes()
        try:
            picture = decode(data)
        except ImageError:
            continue
        if min(picture.pixels.shape) >= _LEAST_SIDE:
            yield ForeignImage(_KINDS.get(picture.facts.modality or "", "other DICOM"), _name(folder, path), data)


def _slices(path: Path) -> Iterator[ForeignImage]:
    """Yield slices of a file's first volume as PNG, along each axis, from a fifth to four fifths of its length."""
    volume = read_nifti(path.read_bytes())
    if volume.ndim == 4:
        volume = volume[..., 0]
    if volume.ndim != 3:
        return
    for axis in range(3):
        length = volume.shape[axis]
        for index in np.unique(np.linspace(length * 0.2, length * 0.8, _SLICES).astype(int)):
            plane = np.rot90(np.take(volume, index, axis))
            if min(plane.shape) < _LEAST_SIDE:
                continue
            low, high = np.percentile(plane, [0.5, 99.5])
            if high > low:
                film = np.clip((plane - low) / (high - low), 0, 1).astype(np.float32)
                yield ForeignImage("MR", f"{path.name}-{axis}#{index}", files.png(film))


def read_nifti(data: bytes) -> Volume:
    """Return the values of a compressed NIfTI-1 file of little-endian numbers (https://nifti.nimh.nih.gov/nifti-1)."""
    content = gzip.decompress(data)
    count, *sizes = struct.unpack("<8h", content[40:56])
    (kind,) = struct.unpack("<h", content[70:72])
    (offset,) = struct.unpack("<f", content[108:112])
    shape = [size for size in sizes[:count] if size > 1]
    values = np.frombuffer(content, np.dtype(f"<{_NIFTI_TYPES[kind]}"), int(np.prod(shape)), int(offset))
    return np.nan_to_num(values.reshape(shape, order="F").astype(np.float32))


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
