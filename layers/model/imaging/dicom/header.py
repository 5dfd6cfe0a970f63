"""What a DICOM data set says about its image: read within bounds, typed, and free of any person's name.

Enhanced CT and MR say per frame, in nested groups, what older files say once (part 3, annex C.7.6.16).
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from pydicom.dataset import Dataset

from imaging.bounds import MAX_PIXELS, check_dimensions, check_frames
from imaging.dicom.anatomy import KEYWORDS
from imaging.dicom.header_values import SPACINGS, drop_unreadable, is_spacing, read_numbers
from imaging.dicom.meta import LOSSY
from imaging.errors import ImageError, bad_input, too_large, unsupported_format
from imaging.image import ImageFacts, Statement, StudyFacts, square_ratio

MAX_HEADER_BYTES = 8 * 1024 * 1024
"""A parsed element takes thirty times the memory of the smallest one in a file: the header has its own bound."""

MAX_ITEMS = 150_000
"""Of sequences. Eight bytes make one that takes a thousand and much time; a full header of real ones has fewer."""
_ITEMS = (b"\xfe\xff\0\xe0", b"\xff\xfe\xe0\0")

MAX_VALUES = 200_000
"""Beyond the first of each element. Two bytes make one that takes hundreds; the groups of 8,000 frames have as many."""
_BETWEEN_VALUES = b"\\"


class HeaderBytes(io.BytesIO):
    """The beginning of a file, which counts items and values as they are read.

    Pixels follow the header and may hold any byte, so what is not read must not be counted; and they are many. Values
    are counted before pydicom splits them: it does so at once with character sets, with others when they are used.
    `refusal`: what reading raised (TOO_LARGE), since pydicom turns some of it into errors of its own.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data[:MAX_HEADER_BYTES])
        self.refusal: ImageError | None = None
        self._items = 0
        self._values = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, as any file gives them. Raises ImageError (TOO_LARGE)."""
        content = super().read(size)
        self._items += sum(content.count(item) for item in _ITEMS)
        self._values += content.count(_BETWEEN_VALUES)
        if self._items > MAX_ITEMS:
            self.refusal = too_large(f"The DICOM header has more than {MAX_ITEMS} items.")
        elif self._values > MAX_VALUES:
            self.refusal = too_large(f"The DICOM header has more than {MAX_VALUES} values.")
        if self.refusal:
            raise self.refusal
        return content

    def position(self) -> int:
        """Return how far the file was read.

        Raises ImageError (TOO_LARGE) if that is the end of what a header may have.
        """
        if self.tell() >= MAX_HEADER_BYTES:
            raise too_large(f"The DICOM header has more than {MAX_HEADER_BYTES} bytes.")
        return self.tell()


_MACROS = {
    "PixelMeasuresSequence": ("PixelSpacing",),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    "FramePixelDataPropertiesSequence": ("ImagerPixelSpacing",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
}
_REPLACED = {"RescaleSlope": "ModalityLUTSequence", "WindowCenter": "VOILUTSequence"}
"""What a frame says in place of a table that older files have for all."""


def merge_functional_groups(header: Dataset, index: int) -> Dataset:
    """Return the header as frame `index` has it: what its groups say is put where older files say it."""
    shared_groups = get_item(header, "SharedFunctionalGroupsSequence", 0)
    own = get_item(header, "PerFrameFunctionalGroupsSequence", index)
    for group in (shared_groups, own):
        for macro, names in _MACROS.items():
            item = get_item(group, macro, 0)
            for name in names:
                if element := item.get_item(name):  # as it stands in the file: it may be one that cannot be read
                    header[element.tag] = element
                    if name in _REPLACED and _REPLACED[name] in header:
                        delattr(header, _REPLACED[name])
    return header


def get_item(dataset: Dataset, name: str, index: int) -> Dataset:
    """Return an item of a sequence, or an empty one."""
    if not len(dataset):
        return dataset
    try:
        items = dataset.get(name) or []
        return items[index] if len(items) > index else Dataset()
    except Exception:  # of all that pydicom raises for a sequence that is none: the image is read
        return Dataset()


_PALETTE = ("RedPaletteColorLookupTable", "GreenPaletteColorLookupTable", "BluePaletteColorLookupTable")

PIXEL_KEYWORDS = (
    "BitsAllocated", "BitsStored", "Columns", "ExtendedOffsetTable", "HighBit", "ImagerPixelSpacing",
    "LossyImageCompression", "ModalityLUTSequence", "NominalScannedPixelSpacing", "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelAspectRatio", "PixelDataProviderURL",
    "PixelPaddingRangeLimit", "PixelPaddingValue", "PixelRepresentation", "PixelSpacing", "PlanarConfiguration",
    "PresentationLUTShape", "RescaleIntercept", "RescaleSlope", "RetrieveURL", "Rows", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence", "VOILUTFunction", "VOILUTSequence", "WindowCenter", "WindowWidth",
    *(f"{table}Descriptor" for table in _PALETTE), *(f"{table}Data" for table in _PALETTE),
    *(f"Segmented{table}Data" for table in _PALETTE),
)  # fmt: skip
"""What is read of the image. One that cannot be read is as if it were absent."""

READ_KEYWORDS = (
    "BodyPartExamined", "ImageLaterality", "ImageOrientationPatient", "ImageType", "Laterality", "Modality",
    "PatientAge", "PatientBirthDate", "PatientBreedCodeSequence", "PatientBreedDescription", "PatientSex",
    "PatientSpeciesCodeSequence", "PatientSpeciesDescription", "SeriesDescription", "StudyDate", "StudyDescription",
    "ViewPosition", *KEYWORDS, *PIXEL_KEYWORDS,
)  # fmt: skip
"""All that is ever read of a header: names and numbers of a patient are not among it, dates only for the age.

What it states of the examination counts, whether it is understood or not.
"""

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_GREY_DEPTHS, _INDEX_DEPTHS, _COLOUR_DEPTHS = (1, 8, 16, 32), (8, 16), (8, 16, 32)
_BYTE, _LONGEST = 8, 32
_POINTS_ELSEWHERE = ("PixelDataProviderURL", "RetrieveURL")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_ ]{0,15}")
"""A code string of the standard: upper case, at most 16 characters."""


@dataclass(frozen=True)
class PixelLayout:
    """How one frame lies in the pixel data."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    planar: bool
    frames: int
    photometric: str
    is_inverted: bool
    """Whether the lowest values are white."""
    pixel_ratio: float = 1.0
    """How many times as high as wide a pixel is."""
    step: float = 1.0
    base: int = 0
    """What is kept of a frame in place of its values: `base` less, in steps of `step`. Both of unsigned ones only."""

    @property
    def lowest(self) -> int:
        """Return the stored value that the pixels are counted from: signed ones are moved up to be positive."""
        return -(1 << (self.bits_stored - 1)) if self.is_signed else self.base

    @property
    def shift(self) -> int:
        """Return how many bits lie below the stored ones, by the header."""
        return self.high_bit + 1 - self.bits_stored

    @property
    def frame_bits(self) -> int:
        """Return the length of an uncompressed frame, in bits: of one bit each, frames share bytes."""
        samples = 2 if self.has_subsampling else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    @property
    def frame_bytes(self) -> int:
        """Return the length of an uncompressed frame, in bytes."""
        return -(-self.frame_bits // 8)

    @property
    def pixel_bytes(self) -> int:
        """Return the length of all uncompressed frames, in bytes."""
        return -(-self.frame_bits * self.frames // 8)

    @property
    def has_subsampling(self) -> bool:
        """Tell whether two pixels share their colours; only uncompressed pixels are kept so."""
        return self.photometric == "YBR_FULL_422"


def read_layout(header: Dataset) -> PixelLayout:
    """Return the pixel layout.

    Raises ImageError if it is out of bounds, contradicts itself, or is of a kind that is not read.
    """
    if any(name in header for name in _POINTS_ELSEWHERE):
        raise unsupported_format("The DICOM file refers to pixels kept elsewhere; only what it holds itself is read.")
    if "Rows" not in header or "Columns" not in header:
        raise unsupported_format("The DICOM file holds no image.")
    rows, columns = _integer(header, "Rows"), _integer(header, "Columns")
    check_dimensions(rows, columns)
    frames = _integer(header, "NumberOfFrames", 1)
    check_frames(frames)
    photometric = code(header, "PhotometricInterpretation") or _refuse_lack("PhotometricInterpretation")
    samples = _integer(header, "SamplesPerPixel", 3 if photometric in _COLOUR else 1)
    bits_allocated = _integer(header, "BitsAllocated")
    bits_stored = _integer(header, "BitsStored", bits_allocated)
    high_bit = _integer(header, "HighBit", bits_stored - 1)
    if not 1 <= bits_stored <= bits_allocated:
        raise bad_input("The DICOM header's bit depths contradict each other.")
    if not bits_stored <= high_bit + 1 <= bits_allocated:  # of the three it is this one that is wrong
        high_bit = bits_stored - 1
    _check_kind(photometric, samples, bits_allocated, bits_stored)
    if bits_allocated == _LONGEST and rows * columns * samples > MAX_PIXELS:
        raise too_large("The image has more colours of 32 bits than fit in the memory.")
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        is_signed=bool(_integer(header, "PixelRepresentation", 0)) and photometric != "PALETTE COLOR",
        planar=bool(_integer(header, "PlanarConfiguration", 0)),
        frames=frames,
        photometric=photometric,
        is_inverted=_is_inverted(header, photometric),
    )


def _is_inverted(header: Dataset, photometric: str) -> bool:
    """Tell whether the lowest values are white, by either of the two attributes that say so (annex C.11.6).

    The standard has MONOCHROME1 and INVERSE go together, and mean one inversion. MONOCHROME1 beside IDENTITY is
    inverted too: every reader knows the former, and writers copy the latter from file to file.
    """
    if photometric == "MONOCHROME1":
        return True
    return photometric == "MONOCHROME2" and code(header, "PresentationLUTShape") == "INVERSE"


def _check_kind(photometric: str, samples: int, bits_allocated: int, bits_stored: int) -> None:
    depths = _INDEX_DEPTHS if photometric == "PALETTE COLOR" else _GREY_DEPTHS
    if photometric in _GREY and samples == 1 and bits_allocated in depths:
        return
    is_full = bits_allocated == bits_stored or bits_stored > _BYTE
    if photometric in _COLOUR and samples == 3 and bits_allocated in _COLOUR_DEPTHS and is_full:
        return
    raise unsupported_format(
        "The DICOM file's pixels are of a kind that is not read (docs/dicom.md lists those that are)."
    )


def code(header: Dataset, name: str) -> str | None:
    """Return a code string, or None if it is absent or not one."""
    value = str(header.get(name) or "").strip().upper()
    return value if _CODE.fullmatch(value) else None


def number(header: Dataset, name: str) -> float | None:
    """Return the first value of a decimal element, or None if it is absent, empty, or no number of any unit."""
    numbers = read_numbers(header, name, 1)
    return numbers[0] if numbers else None


def _integer(header: Dataset, name: str, default: int | None = None) -> int:
    """Return a whole number, or `default` where there is none that can be read. Raises ImageError without a default."""
    value = number(header, name)
    if value is not None and value.is_integer():
        return int(value)
    return _refuse_lack(name) if default is None else default


def _refuse_lack(name: str) -> NoReturn:
    raise bad_input(f"The DICOM header lacks {name}.")


def drop_unreadable_of_frame(header: Dataset, index: int) -> set[str]:
    """Take out of the groups of frame `index` what cannot be read. Return the names of what was taken."""
    groups = (
        get_item(header, "SharedFunctionalGroupsSequence", 0),
        get_item(header, "PerFrameFunctionalGroupsSequence", index),
    )
    return set[str]().union(
        *(drop_unreadable(get_item(group, macro, 0), PIXEL_KEYWORDS) for group in groups for macro in _MACROS)
    )


def read_facts(header: Dataset, layout: PixelLayout, syntax: str, study: StudyFacts) -> ImageFacts:
    """Return the header's facts, those of the frame that is read included, and what may be told of the examination."""
    source, spacing = _spacing(header)
    statements = {
        "modality": study.modalities,
        "body_part": study.body_parts,
        "view": study.views,
        "laterality": study.sides,
    }
    codes = {name: _first_code(each) for name, each in statements.items()}
    return ImageFacts(
        "DICOM",
        layout.rows,
        layout.columns,
        layout.bits_stored,
        frames=layout.frames,
        photometric=layout.photometric,
        modality=codes["modality"],
        view=codes["view"],
        body_part=codes["body_part"],
        pixel_spacing=spacing,
        spacing_source=source,
        laterality=codes["laterality"],
        transfer_syntax=syntax,
        signed=layout.is_signed,
        lossy=syntax in LOSSY or code(header, "LossyImageCompression") == "01",
        unclear=tuple(
            name
            for name, each in statements.items()
            if any(one.code is None or one.code != codes[name] for one in each)
        ),
    )


def _first_code(statements: Sequence[Statement]) -> str | None:
    return next((statement.code for statement in statements if statement.code), None)


def _spacing(header: Dataset) -> tuple[str | None, tuple[float, float] | None]:
    """Return the attribute that has the spacing of rows and columns in millimetres, and what it says."""
    for name in SPACINGS:
        numbers = read_numbers(header, name, 3)
        if numbers and is_spacing(numbers):
            return name, (numbers[0], numbers[1])
    return None, None


def read_pixel_ratio(header: Dataset, spacing: tuple[float, float] | None) -> float:
    """Return how many times as high as wide the pixels are; 1 if nothing that can be believed says it.

    Beside a spacing PixelAspectRatio says nothing: by the standard it is there only if no spacing is (part 3,
    C.7.6.3.1.7), and where both are and disagree, the spacing is what people measure by.
    """
    sides = spacing or read_numbers(header, "PixelAspectRatio", 3) or ()
    return square_ratio(*sides) if is_spacing([*sides]) else 1.0
