"""Objects in S3: originals under uploads/, renderings under derived/, profile pictures, models; and their removal.

A deleted object of a versioned bucket is otherwise kept for a month.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scanward.domain.image_formats import MAX_UPLOAD_BYTES
from scanward.domain.object_keys import parse_upload_key
from scanward.errors import NotFound, TooLarge, Unavailable
from scanward.stores.clients import patient_s3, s3
from scanward.stores.sdk import FAILURES, failures_mapped

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CopySourceTypeDef, ObjectIdentifierTypeDef


MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})


class StorageFailed(Unavailable):
    """S3 did not give or take an object, after its retries."""

    message = "Storage is temporarily unavailable"


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that a client may send straight to S3 until it expires."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class ObjectContent:
    """An object, and which version of it that is; None where the bucket keeps none."""

    content: bytes
    version: str | None


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """How an object begins, and how many bytes it has."""

    content: bytes
    size: int


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object and the tag of its content."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of an object."""

    key: str
    version: str


class ObjectStore:
    """The one bucket. Raises NotFound for a missing object and StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Keep an object."""
        with s3_failures_mapped():
            s3().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def get(self, key: str, version: str | None = None) -> ObjectContent:
        """Return an object, or the one version of it that was pinned. Raises TooLarge over 50 MB."""
        version_args: dict[str, Any] = {"VersionId": version} if version else {}
        with s3_failures_mapped():
            answer = s3().get_object(Bucket=self._bucket, Key=key, **version_args)
            if answer["ContentLength"] > MAX_UPLOAD_BYTES:
                raise TooLarge
            return ObjectContent(answer["Body"].read(), answer.get("VersionId"))

    def get_unless_match(self, key: str, etag: str | None) -> StoredObject | None:
        """Return an object, or None when its content is still what `etag` tags."""
        conditions: dict[str, Any] = {"IfNoneMatch": etag} if etag else {}
        with s3_failures_mapped():
            try:
                answer = s3().get_object(Bucket=self._bucket, Key=key, **conditions)
            except ClientError as failure:
                if failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 304:
                    return None
                raise
            return StoredObject(answer["Body"].read(), answer["ETag"])

    def head(self, key: str, count: int, version: str | None = None) -> ObjectHead:
        """Return the first `count` bytes of an object."""
        version_args: dict[str, Any] = {"VersionId": version} if version else {}
        with s3_failures_mapped():
            try:
                answer = s3().get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{count - 1}", **version_args)
            except ClientError as failure:
                if failure.response.get("Error", {}).get("Code") == "InvalidRange":  # of an empty object none can be
                    return ObjectHead(b"", 0)
                raise
            # Not everything that speaks S3 heeds a range: the embedded cloud gives the whole of a pinned version.
            whole = answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"]
            return ObjectHead(answer["Body"].read(count), int(whole))

    def move(self, key: str, to: str, version: str | None = None) -> None:
        """Put an object, or one version of it, under another key; nothing of it stays where it was."""
        version_args: dict[str, Any] = {"VersionId": version} if version else {}
        source: CopySourceTypeDef = {"Bucket": self._bucket, "Key": key, **version_args}  # type: ignore[typeddict-item]
        with s3_failures_mapped():
            patient_s3().copy_object(
                Bucket=self._bucket,
                Key=to,
                CopySource=source,
                TaggingDirective="REPLACE",  # whatever tags it has, they are not for us to read
            )
            patient_s3().delete_object(Bucket=self._bucket, Key=key, **version_args)

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of all objects under a prefix."""
        with s3_failures_mapped():
            for page in s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", []))

    def link(self, key: str, version: str | None, seconds: int, content_type: str) -> str:
        """Return an address that gives the object for some seconds, as a file to keep. No round trip."""
        params = {
            "Bucket": self._bucket,
            "Key": key,
            **({"VersionId": version} if version else {}),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": "attachment",
        }
        return s3().generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)

    def exists(self, key: str, version: str | None = None) -> bool:
        """Tell whether there is an object under this key, or this version of it."""
        version_args: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with s3_failures_mapped():
                s3().head_object(Bucket=self._bucket, Key=key, **version_args)
        except NotFound:
            return False
        return True

    def oldest_version(self, key: str) -> str | None:
        """Return the version of an object that came first, of those that are there; None without any."""
        with s3_failures_mapped():
            pages = s3().get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
            versions = [item for page in pages for item in page.get("Versions", []) if item["Key"] == key]
            # Listed from the newest to the oldest, and dated in whole seconds.
            return versions[-1]["VersionId"] if versions else None

    def versions_after(self, key: str, prefix: str) -> Iterator[list[ObjectVersion]]:
        """Yield the versions of objects under a prefix whose keys sort after this one, up to a thousand at a time."""
        marker = {"KeyMarker": key}
        while marker:
            with s3_failures_mapped():
                page = s3().list_object_versions(Bucket=self._bucket, Prefix=prefix, **marker)  # type: ignore[arg-type]
            yield [ObjectVersion(item["Key"], item["VersionId"]) for item in page.get("Versions", [])]
            next_markers = {"KeyMarker": page.get("NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker")}
            marker = {name: text for name, text in next_markers.items() if text} if page["IsTruncated"] else {}

    def presigned_post(self, key: str, content_type: str, seconds: int) -> PresignedPost:
        """Return a form for one upload of 1 byte to 50 MB under exactly this key and content type. No round trip."""
        form = s3().generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, MAX_UPLOAD_BYTES]],
            ExpiresIn=seconds,
        )
        return PresignedPost(form["url"], form["fields"])


@contextmanager
def s3_failures_mapped(missing: frozenset[str] = MISSING) -> Iterator[None]:
    """Raise NotFound for the codes in `missing`, StorageFailed for every other failure of S3 inside."""
    try:
        yield
    except FAILURES as failure:
        answer = failure.response if isinstance(failure, ClientError) else {}
        raise (NotFound if answer.get("Error", {}).get("Code") in missing else StorageFailed)() from failure


# S3 tells that an object is not there only to those who may list the bucket, which no function needs for this; and a
# wrong bucket or a policy that lacks is no better at the next try.
_UNREADABLE = MISSING | {"NoSuchBucket", "AccessDenied", "403"}


class ModelFiles:
    """What lies under a bucket's prefix. Of any size: an operator has put it there, and its hash is pinned."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def get(self, name: str) -> bytes:
        """Return a file's bytes. Raises NotFound where there is none that may be read, StorageFailed when S3 fails."""
        with s3_failures_mapped(_UNREADABLE):
            return s3().get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"].read()


LINK_SECONDS = 300


class ProfilePictures:
    """The pictures in the one bucket. Raises Unavailable when S3 does not answer."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, account_id: int, name: str, content: bytes, content_type: str) -> str:
        """Keep a picture under a name of its own; its key."""
        key = f"profiles/{account_id}/{name}"
        with failures_mapped():
            # S3 sends these headers with the picture: it is shown as what it is, and by no shared cache.
            s3().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                ContentDisposition="inline",
                CacheControl=f"private, max-age={LINK_SECONDS}",
            )
        return key

    def remove(self, key: str) -> None:
        """Forget a picture; one that is not there is no error."""
        with failures_mapped():
            s3().delete_object(Bucket=self._bucket, Key=key)

    def link(self, key: str) -> str:
        """Return an address that shows the picture for five minutes. No round trip."""
        params = {"Bucket": self._bucket, "Key": key}
        return s3().generate_presigned_url("get_object", Params=params, ExpiresIn=LINK_SECONDS)


PURGE_BATCH = 1000


class Purger:
    """The one bucket. Raises StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def purge(self, prefix: str) -> None:
        """Remove every version of every object under a prefix."""
        self._remove(prefix, None)

    def purge_key(self, key: str) -> None:
        """Remove every version of one object."""
        self._remove(key, key)

    def purge_image(self, key: str, version: str | None) -> None:
        """Remove the image of a scan; of a delivery the one version: others of its name are other scans' images."""
        if parse_upload_key(key):
            self.purge_key(key)
        elif version:
            self._purge_version(key, version)

    def purge_versions(self, versions: Sequence[ObjectVersion]) -> None:
        """Remove these versions; a call for each thousand."""
        with failures_mapped(StorageFailed):
            for begin in range(0, len(versions), PURGE_BATCH):
                page = versions[begin : begin + PURGE_BATCH]
                self._delete([{"Key": item.key, "VersionId": item.version} for item in page])

    def _purge_version(self, key: str, version: str) -> None:
        with failures_mapped(StorageFailed):
            s3().delete_object(Bucket=self._bucket, Key=key, VersionId=version)

    def _remove(self, prefix: str, only: str | None) -> None:
        with failures_mapped(StorageFailed):
            for page in self._versions(prefix, only):
                self._delete(page)

    def _delete(self, page: list["ObjectIdentifierTypeDef"]) -> None:
        answer = s3().delete_objects(Bucket=self._bucket, Delete={"Objects": page, "Quiet": True})
        if answer.get("Errors"):
            raise StorageFailed

    def _versions(self, prefix: str, only: str | None) -> Iterator[list["ObjectIdentifierTypeDef"]]:
        """Yield up to a thousand at a time, those that mark a deletion included."""
        for page in s3().get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            matching = [item for item in versions if only in (None, item["Key"])]
            if matching:
                yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in matching]
