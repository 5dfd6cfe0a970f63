"""What people look at: the image, and where the model looked."""

from collections.abc import Iterator
from contextlib import contextmanager

from functions.scans.usecases.dependencies import ScanDeps
from functions.scans.usecases.scans import read_scan
from functions.scans.usecases.tasks import read_task
from scanward.domain.accounts import Actor
from scanward.domain.image_formats import CONTENT_TYPE_OF, ImageFormat
from scanward.domain.object_keys import deidentified_key, deidentified_with_text_key, heatmap_key, preview_key
from scanward.domain.tasks import TaskStatus
from scanward.errors import NotFound
from scanward.stores.s3 import StorageFailed, StoredObject

LINK_SECONDS = 300


def read_image(deps: ScanDeps, actor: Actor, scan_id: str, etag: str | None) -> StoredObject | None:
    """Return the JPEG preview of a scan, made at the beginning of its analysis; None when `etag` still tags it.

    Raises NotFound until it is made.
    """
    with _storage_errors_mapped():
        return deps.objects.get_unless_match(preview_key(read_scan(deps, actor, scan_id).id), etag)


def link_original(deps: ScanDeps, actor: Actor, scan_id: str) -> str:
    """Return an address of the file that was uploaded and read, for five minutes. Raises NotFound until it is there."""
    with _storage_errors_mapped():
        scan = read_scan(deps, actor, scan_id)
        key, version = scan.object_key, scan.object_version
        if not deps.objects.exists(key, version):
            raise NotFound
    return deps.objects.link(key, version, LINK_SECONDS, "application/octet-stream")


def link_deidentified(deps: ScanDeps, actor: Actor, scan_id: str, *, with_text: bool) -> str:
    """Return an address that gives the copy of a DICOM file that says nothing of a person.

    `with_text`: the one in which nothing is blanked, which is the only one where no text was found. Raises NotFound
    without a copy.
    """
    with _storage_errors_mapped():
        scan = read_scan(deps, actor, scan_id)
        keys = [deidentified_with_text_key(scan.id)] if with_text else []
        key = next((key for key in [*keys, deidentified_key(scan.id)] if deps.objects.exists(key)), None)
        if key is None:
            raise NotFound
    return deps.objects.link(key, None, LINK_SECONDS, CONTENT_TYPE_OF[ImageFormat.DICOM])


def read_heatmap(deps: ScanDeps, actor: Actor, task_id: str, etag: str | None) -> StoredObject | None:
    """Return the PNG that shows where the model looked; None when `etag` still tags it.

    Raises NotFound unless the task is completed.
    """
    task = read_task(deps, actor, task_id)
    if task.status is not TaskStatus.COMPLETED:
        raise NotFound
    return deps.objects.get_unless_match(heatmap_key(task.scan_id, task.id), etag)


@contextmanager
def _storage_errors_mapped() -> Iterator[None]:
    """Say why there is no image in contract B's words, whatever it was."""
    try:
        yield
    except NotFound as missing:
        raise NotFound("File not found") from missing
    except StorageFailed as error:
        raise StorageFailed("Failed to get image content") from error
