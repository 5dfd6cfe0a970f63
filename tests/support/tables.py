"""Lookup tables as sequences of a DICOM header have them."""

from pydicom.dataset import Dataset

from tests.support.images import Pixels


def table(first: int, values: Pixels, bits: int = 16) -> Dataset:
    """Return the item of one: entry `i` stands for the input `first + i`."""
    item = Dataset()
    item.LUTDescriptor = [len(values) % 65536, first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = values.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item
