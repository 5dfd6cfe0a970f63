"""Why the structure of a file cannot be read. None of these holds a byte of the file."""


class StructureError(ValueError):
    """Something else stands where a marker or a length must stand."""


class TruncationError(StructureError):
    """The file ends before its image does."""


class TooManyPartsError(StructureError):
    """The file has more segments or chunks than the caller reads."""
