"""ZIP files that are written to S3 part by part as they grow, so that memory holds one part and no disk is needed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from scanward.errors import NotFound
from scanward.stores.clients import patient_s3
from scanward.stores.s3 import StorageFailed, s3_failures_mapped
from scanward.stores.sdk import failures_mapped

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef


PART_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


class Archive:
    """A ZIP file that is being written."""

    def __init__(self, bucket: str, file: ZipFile) -> None:
        self._bucket = bucket
        self._file = file

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a compressed file of these pieces."""
        with self._file.open(_zip_entry(name, ZIP_DEFLATED), "w") as entry:
            for piece in pieces:
                entry.write(piece)

    def add_object(self, name: str, key: str, version: str | None = None) -> bool:
        """Return a copy of an object, or of the one version of it that was pinned, as it is; False when there is
        none.
        """
        version_args: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with s3_failures_mapped():
                body = patient_s3().get_object(Bucket=self._bucket, Key=key, **version_args)["Body"]
        except NotFound:
            return False
        with failures_mapped(StorageFailed), self._file.open(_zip_entry(name, ZIP_STORED), "w") as entry:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                entry.write(chunk)
        return True


class Archives:
    """The archives in the one bucket. Raises StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @contextmanager
    def writing(self, key: str) -> Iterator[Archive]:
        """Provide an archive that is there once the block ends, and not at all when it raises."""
        upload = _Upload(self._bucket, key)
        try:
            with ZipFile(cast(BinaryIO, upload), "w") as file:
                yield Archive(self._bucket, file)
            upload.finish()
        except BaseException:
            upload.abandon()
            raise


class _Upload(RawIOBase):
    """A file that can only be written on and on: an upload of several parts."""

    def __init__(self, bucket: str, key: str) -> None:
        with failures_mapped(StorageFailed):
            answer = patient_s3().create_multipart_upload(Bucket=bucket, Key=key, ContentType="application/zip")
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key, "UploadId": answer["UploadId"]}
        self._parts: list[CompletedPartTypeDef] = []
        self._rest = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._rest += content
        while len(self._rest) >= PART_BYTES:
            self._send(bytes(self._rest[:PART_BYTES]))
            del self._rest[:PART_BYTES]
        return len(content)

    def finish(self) -> None:
        """Complete the upload, so that the object is there."""
        self._send(bytes(self._rest))
        with failures_mapped(StorageFailed):
            patient_s3().complete_multipart_upload(**self._place, MultipartUpload={"Parts": self._parts})

    def abandon(self) -> None:
        """Abort the upload, so that nothing of it stays."""
        with failures_mapped(StorageFailed):
            patient_s3().abort_multipart_upload(**self._place)

    def _send(self, content: bytes) -> None:
        number = len(self._parts) + 1
        with failures_mapped(StorageFailed):
            answer = patient_s3().upload_part(**self._place, PartNumber=number, Body=content)
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})


def _zip_entry(name: str, compression: int) -> ZipInfo:
    # Without a time of its own: what is packed twice is the same twice.
    entry = ZipInfo(name)
    entry.compress_type = compression
    return entry
