"""Where files lie in the bucket. Keys are made of our own ids, never of a client's file name."""

from dataclasses import dataclass

from scanward.domain.ids import MAX_ID
from scanward.domain.orders import Priority

_PRIORITIES = frozenset(lane.value for lane in Priority)
_MAX_NAME = 512


@dataclass(frozen=True, slots=True)
class ExternalPrefix:
    """An object that another system put there for an account."""

    priority: Priority
    account_id: int


def upload_prefix(lane: Priority) -> str:
    """Return where all originals of a lane lie."""
    return f"uploads/{lane}/"


def upload_key(lane: Priority, scan_id: int, task_id: int) -> str:
    """Return where an original lies."""
    return f"uploads/{lane}/{scan_id}/{task_id}"


def parse_upload_key(key: str) -> tuple[Priority, int, int] | None:
    """Return (lane, scan id, task id) of a key that `upload_key` made, else None."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != "uploads" or parts[1] not in _PRIORITIES:
        return None
    if not all(_is_id(part) for part in parts[2:]):
        return None
    return Priority(parts[1]), int(parts[2]), int(parts[3])


def parse_external_key(key: str) -> ExternalPrefix | None:
    """Return whose object `uploads/{lane}/incoming/{account}/{name}` is, whatever its name, else None."""
    parts = key.split("/", 4)
    if len(parts) != 5 or parts[0] != "uploads" or parts[1] not in _PRIORITIES or parts[2] != "incoming":
        return None
    if not _is_id(parts[3]) or not 0 < len(parts[4]) <= _MAX_NAME:
        return None
    return ExternalPrefix(Priority(parts[1]), int(parts[3]))


def preview_key(scan_id: int) -> str:
    """Return the JPEG that people look at."""
    return f"derived/{scan_id}/preview.jpg"


def deidentified_key(scan_id: int) -> str:
    """Return the copy of a DICOM file that says nothing of a person; text that was found in its pixels is blanked."""
    return f"derived/{scan_id}/deidentified.dcm"


def deidentified_with_text_key(scan_id: int) -> str:
    """Return the same with its pixels as they were; there is one only where something is blanked in the other."""
    return f"derived/{scan_id}/with-text.dcm"


def heatmap_key(scan_id: int, task_id: int) -> str:
    """Return the PNG that shows where the model looked in one task."""
    return f"derived/{scan_id}/{task_id}/heatmap.png"


def derived_prefix(scan_id: int) -> str:
    """Return where all that was made of a scan lies."""
    return f"derived/{scan_id}/"


def export_key(account_id: int, export_id: int) -> str:
    """Return the key of the ZIP with a person's own data."""
    return f"exports/{account_id}/{export_id}.zip"


def checkpoint_prefix(account_id: int, export_id: int) -> str:
    """Return where the checkpoints of an export lie that is packed in several calls."""
    return f"exports/{account_id}/{export_id}/"


def checkpoint_key(account_id: int, export_id: int, packer: str) -> str:
    """Return where one call that packed an export keeps how far it came."""
    return f"exports/{account_id}/{export_id}/{packer}"


def exports_prefix(account_id: int) -> str:
    """Return where all that is packed for a person lies."""
    return f"exports/{account_id}/"


def account_prefixes(account_id: int) -> tuple[str, ...]:
    """Return where files lie that are an account's own, whatever scan they are of."""
    incoming = [f"uploads/{lane}/incoming/{account_id}/" for lane in Priority]
    return (f"profiles/{account_id}/", exports_prefix(account_id), *incoming, *map(quarantine_key, incoming))


def quarantine_key(key: str) -> str:
    """Return where an object goes that means nothing to us."""
    return f"aside/{key.removeprefix('uploads/')}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= MAX_ID
