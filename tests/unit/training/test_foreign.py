"""Free images: what they are, in which order, and what is kept out of training."""

import gzip
import struct

import numpy as np
import pytest

from training.foreign import foreign_images, read_nifti


def test_images_are_of_every_kind_and_the_same_each_time() -> None:
    images = list(foreign_images())
    kinds = {"MR", "CT", "ultrasound", "radiographs", "other DICOM", "photographs and pages"}
    assert {image.kind for image in images} == kinds
    assert {image.kind for image in images if image.is_held_out} == kinds
    assert [image.name for image in images] == [image.name for image in foreign_images()]


def test_slices_of_a_volume_along_an_axis_are_held_out_together() -> None:
    axes: dict[str, set[bool]] = {}
    for image in foreign_images():
        if "#" in image.name:
            axes.setdefault(image.name.partition("#")[0], set()).add(image.is_held_out)
    assert axes
    assert all(len(held_out) == 1 for held_out in axes.values())


@pytest.mark.parametrize(("kind", "dtype"), [(2, "u1"), (4, "<i2"), (16, "<f4")])
def test_volume_is_read_column_by_column(kind: int, dtype: str) -> None:
    values = np.arange(24, dtype=dtype).reshape((2, 3, 4), order="F")
    header = bytearray(352)
    struct.pack_into("<8h", header, 40, 3, 2, 3, 4, 1, 1, 1, 1)
    struct.pack_into("<h", header, 70, kind)
    struct.pack_into("<f", header, 108, 352.0)
    volume = read_nifti(gzip.compress(bytes(header) + values.tobytes(order="F")))
    assert (volume == values).all()
