"""A DICOM header's bytes, which pydicom reads only as long as it would not make too much of them."""

import io

from imaging.refusal import ImageRefused, too_large

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
    are counted before pydicom splits them: it does so at once with character sets, with others when somebody asks.
    `refusal`: what reading raised (TOO_LARGE), since pydicom turns some of it into errors of its own.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data[:MAX_HEADER_BYTES])
        self.refusal: ImageRefused | None = None
        self._items = 0
        self._values = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, as any file gives them. Raises ImageRefused (TOO_LARGE)."""
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
        """Where reading came to. Raises ImageRefused (TOO_LARGE) if that is the end of what a header may have."""
        if self.tell() >= MAX_HEADER_BYTES:
            raise too_large(f"The DICOM header has more than {MAX_HEADER_BYTES} bytes.")
        return self.tell()
