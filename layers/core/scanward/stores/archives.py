"""ZIP files that are written to S3 part by part as they grow, so that memory holds one part and no disk is needed.

An archive may be written by several processes, one after the other: each leaves a checkpoint, which says what of the
upload is there and holds what is too little for a part.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from botocore.exceptions import ClientError

from scanward.errors import NotFound
from scanward.stores.clients import patient_s3
from scanward.stores.s3 import StorageFailed, s3_failures_mapped
from scanward.stores.sdk import failures_mapped

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef


PART_BYTES = 8 * 1024 * 1024
PARTS_OF_A_SIZE = 1000  # S3 takes 10,000 parts: they grow, so that an archive may have 400 GB
CHUNK_BYTES = 1024 * 1024
_ENTRY_FIELDS = ("compress_type", "flag_bits", "CRC", "compress_size", "file_size", "header_offset", "external_attr")


class ArchiveLost(StorageFailed):
    """What a checkpoint tells of is not there any more, or has been written over."""


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """How far an upload has come. `rest`: what was not sent yet; `size`: of all, the rest included."""

    upload_id: str
    etags: list[str]
    size: int
    entries: list[ZipInfo]
    rest: bytes

    def to_bytes(self) -> bytes:
        entries = [[entry.filename, *(getattr(entry, name) for name in _ENTRY_FIELDS)] for entry in self.entries]
        fields = {"upload_id": self.upload_id, "etags": self.etags, "size": self.size, "entries": entries}
        return json.dumps(fields).encode() + b"\n" + self.rest


def _read_checkpoint(content: bytes) -> _Checkpoint:
    line, _, rest = content.partition(b"\n")
    fields = json.loads(line)
    entries = []
    for filename, *values in fields["entries"]:
        entry = ZipInfo(filename)
        for name, value in zip(_ENTRY_FIELDS, values, strict=True):
            setattr(entry, name, value)
        entries.append(entry)
    return _Checkpoint(
        upload_id=fields["upload_id"], etags=fields["etags"], size=fields["size"], entries=entries, rest=rest
    )


class Archive:
    """A ZIP file that is being written."""

    def __init__(self, bucket: str, upload: "_Upload", entries: Iterable[ZipInfo]) -> None:
        self._bucket = bucket
        self._upload = upload
        # It begins where the upload stands; what is in front of that it needs to know for its directory.
        self._file = ZipFile(cast(BinaryIO, upload), "w")
        for entry in entries:
            self._file.filelist.append(entry)
            self._file.NameToInfo[entry.filename] = entry

    @property
    def names(self) -> Collection[str]:
        """Return the names of all files that are in it."""
        return self._file.NameToInfo.keys()

    def finish(self) -> None:
        """Write the directory, and have the archive be there."""
        self._file.close()
        self._upload.finish()

    def save(self, key: str) -> None:
        """Keep under this key what another process needs to go on."""
        self._upload.save(key, self._file.filelist)

    def close(self) -> None:
        """Write nothing more."""
        self._file.fp = None

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
    def writing(self, key: str, checkpoint: str | None) -> Iterator[Archive]:
        """Provide an archive to be finished or saved in the block: the one of a checkpoint, or a new one.

        Nothing of a new one stays when the block raises before it was saved. Raises ArchiveLost.
        """
        upload, entries = self._resume(key, checkpoint) if checkpoint else (_begin_upload(self._bucket, key), [])
        archive = Archive(self._bucket, upload, entries)
        try:
            yield archive
        except BaseException:
            if not upload.is_saved:
                upload.abandon()
            raise
        finally:
            archive.close()

    def abandon_all(self, prefix: str) -> None:
        """Abort every upload under a prefix, so that nothing of them stays."""
        with failures_mapped(StorageFailed):
            pages = patient_s3().get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
            for upload in [item for page in pages for item in page.get("Uploads", [])]:
                _Upload(self._bucket, upload["Key"], upload["UploadId"]).abandon()

    def _resume(self, key: str, checkpoint: str) -> tuple["_Upload", list[ZipInfo]]:
        try:
            with s3_failures_mapped():
                content = patient_s3().get_object(Bucket=self._bucket, Key=checkpoint)["Body"].read()
        except NotFound as error:
            raise ArchiveLost from error
        place = _read_checkpoint(content)
        return _Upload(self._bucket, key, place.upload_id, place), place.entries


def _begin_upload(bucket: str, key: str) -> "_Upload":
    with failures_mapped(StorageFailed):
        answer = patient_s3().create_multipart_upload(Bucket=bucket, Key=key, ContentType="application/zip")
    return _Upload(bucket, key, answer["UploadId"])


_LOST = frozenset({"NoSuchUpload", "InvalidPart"})


@contextmanager
def _upload_failures_mapped() -> Iterator[None]:
    with failures_mapped(StorageFailed):
        try:
            yield
        except ClientError as failure:
            if failure.response.get("Error", {}).get("Code") in _LOST:
                raise ArchiveLost from failure
            raise


class _Upload(RawIOBase):
    """A file that can only be written on and on: an upload of several parts. `is_saved`: whether others know of it.

    S3 completes it of the very parts that were sent for it: of one that somebody has written over, the tag differs.
    """

    def __init__(self, bucket: str, key: str, upload_id: str, place: _Checkpoint | None = None) -> None:
        self._bucket = bucket
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key, "UploadId": upload_id}
        self._etags = list(place.etags) if place else []
        self._rest = bytearray(place.rest if place else b"")
        self._size = place.size if place else 0
        self.is_saved = place is not None

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, content: Any) -> int:
        self._rest += content
        self._size += len(content)
        while len(self._rest) >= (count := part_bytes(len(self._etags))):
            self._send(bytes(self._rest[:count]))
            del self._rest[:count]
        return len(content)

    def save(self, key: str, entries: list[ZipInfo]) -> None:
        """Keep how far it has come, and what was not sent yet."""
        place = _Checkpoint(
            upload_id=self._place["UploadId"],
            etags=self._etags,
            size=self._size,
            entries=entries,
            rest=bytes(self._rest),
        )
        self.is_saved = True  # even when it fails: the answer may be what was lost
        with failures_mapped(StorageFailed):
            patient_s3().put_object(Bucket=self._bucket, Key=key, Body=place.to_bytes())

    def finish(self) -> None:
        """Complete the upload, so that the object is there."""
        self._send(bytes(self._rest))
        parts: list[CompletedPartTypeDef] = [
            {"ETag": etag, "PartNumber": number} for number, etag in enumerate(self._etags, 1)
        ]
        with _upload_failures_mapped():
            patient_s3().complete_multipart_upload(**self._place, MultipartUpload={"Parts": parts})

    def abandon(self) -> None:
        """Abort the upload, so that nothing of it stays; one that is not there is no error."""
        with suppress(NotFound), s3_failures_mapped(frozenset({"NoSuchUpload"})):
            patient_s3().abort_multipart_upload(**self._place)

    def _send(self, content: bytes) -> None:
        with _upload_failures_mapped():
            answer = patient_s3().upload_part(**self._place, PartNumber=len(self._etags) + 1, Body=content)
        self._etags.append(answer["ETag"])


def part_bytes(index: int) -> int:
    """Return how large a part is that has so many in front of it."""
    return PART_BYTES * (1 + index // PARTS_OF_A_SIZE)


def _zip_entry(name: str, compression: int) -> ZipInfo:
    # Without a time of its own: what is packed twice is the same twice.
    entry = ZipInfo(name)
    entry.compress_type = compression
    return entry
