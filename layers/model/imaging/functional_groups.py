"""Enhanced CT and MR say per frame, in nested groups, what older files say once (part 3, annex C.7.6.16)."""

from pydicom.dataset import Dataset

_MACROS = {
    "PixelMeasuresSequence": ("PixelSpacing",),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction"),
    "FrameAnatomySequence": ("FrameLaterality",),
}
_NAMES = {"FrameLaterality": "ImageLaterality"}


def of_frame(header: Dataset, index: int) -> Dataset:
    """The header as frame `index` has it: what its groups say is put where older files say it."""
    shared = _item(header, "SharedFunctionalGroupsSequence", 0)
    own = _item(header, "PerFrameFunctionalGroupsSequence", index)
    for group in (shared, own):
        for macro, names in _MACROS.items():
            item = _item(group, macro, 0)
            for name in names:
                if name in item:
                    setattr(header, _NAMES.get(name, name), item.get(name))
    return header


def _item(dataset: Dataset, name: str, index: int) -> Dataset:
    """An item of a sequence; empty if there is none."""
    items = dataset.get(name) or []
    return items[index] if len(items) > index else Dataset()
