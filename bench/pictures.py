"""The images that analysis is measured on: samples, and films as large as a detector gives them."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from PIL import Image

from bench.environment import ROOT
from tests.support.images import dicom, jpeg, png

SAMPLES = ROOT / "samples"
SMALL = {
    "sample PNG": "consolidation-1.png",
    "sample JPEG": "consolidation-2.jpg",
    "sample DICOM, 16 bits": "effusion-3.dcm",
}
SIDE = 2048


@cache
def pictures() -> Mapping[str, bytes]:
    """Return files by what they are called in the tables."""
    film = _film()
    deep = film.astype(np.uint16) << 4  # 12 bits, the most usual
    return samples() | {
        f"{SIDE}² JPEG": jpeg(film, quality=90),
        f"{SIDE}² PNG, 16 bits": png(deep, compress_level=1),
        f"{SIDE}² DICOM, 16 bits": dicom(deep),
    }


def samples() -> dict[str, bytes]:
    """Return the small ones among them."""
    return {name: (SAMPLES / file).read_bytes() for name, file in SMALL.items()}


def _film() -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Return a sample, enlarged, with the grain that makes large files large."""
    with Image.open(SAMPLES / SMALL["sample PNG"]) as sample:
        large = np.asarray(sample.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(7).normal(0, 2.5, large.shape)
    return np.clip(large + grain, 0, 255).astype(np.uint8)
