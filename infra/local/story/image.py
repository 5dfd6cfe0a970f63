"""The image to send: a sample unless a path is given."""

from dataclasses import dataclass
from pathlib import Path

from infra.local.story.stack import ROOT
from infra.local.story.stopped import StoryStopped

SAMPLE = ROOT / "samples" / "consolidation-1.png"
FORM_LIMIT = 4_400_000 - 1_000  # bytes of a file whose form still fits through the gateway
UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes, as documented


@dataclass(frozen=True, slots=True)
class Image:
    """A file to upload. `content_type` as its first bytes say; None where they say nothing we know."""

    path: Path
    size: int
    content_type: str | None

    @property
    def fits_form(self) -> bool:
        return self.size <= FORM_LIMIT


def find_image(given: str | None) -> Image:
    """Raises StoryStopped for a file that is not there, cannot be read, is empty or too large."""
    path = Path(given).expanduser() if given else SAMPLE
    try:
        with path.open("rb") as file:
            head = file.read(132)
        size = path.stat().st_size
    except FileNotFoundError as missing:
        raise StoryStopped(f"There is no file {path}.", "IMAGE=path names a JPEG, PNG or DICOM file.") from missing
    except OSError as refused:
        raise StoryStopped(f"{path} cannot be read: {refused.strerror}.") from refused
    if size == 0:
        raise StoryStopped(f"{path} is empty.", "Send a JPEG, PNG or DICOM file.")
    if size > UPLOAD_LIMIT:
        raise StoryStopped(f"{path} has {size:,} bytes.", f"At most {UPLOAD_LIMIT:,} (50 MB) are accepted.")
    return Image(path, size, content_type_of(head))


def content_type_of(head: bytes) -> str | None:
    """What a file's first 132 bytes show it to be."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "application/dicom" if head[128:132] == b"DICM" else None
