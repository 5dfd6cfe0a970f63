"""The structure of JPEG and PNG files, read without decoding them. Stand-alone: it imports nothing of the service."""


class StructureError(ValueError):
    """Something else stands where a marker or a length must stand. No error here holds a byte of the file."""


class TruncationError(StructureError):
    """The file ends before its image does."""


class TooManyPartsError(StructureError):
    """The file has more segments or chunks than the caller reads."""
