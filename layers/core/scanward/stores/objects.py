"""Images in S3: originals under uploads/, what is made of them under derived/."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.images import MAX_UPLOAD_BYTES
from scanward.errors import NotFound, TooLarge, Unavailable
from scanward.stores.sdk import s3

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CopySourceTypeDef

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})


class StorageFailed(Unavailable):
    """S3 did not give or take an object, after its retries."""

    message = "Storage is temporarily unavailable"


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that a client may send straight to S3 until it expires."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object, and which version of it that is; None where the bucket keeps none."""

    content: bytes
    version: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """How an object begins, and how many bytes it has."""

    content: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An object and the tag of its content."""

    content: bytes
    etag: str


class ObjectStore:
    """The one bucket. Raises NotFound for a missing object and StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Keeps an object."""
        with _translated():
            s3().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def get(self, key: str, version: str | None = None) -> Fetched:
        """An object, or the one version of it that was pinned. Raises TooLarge over 50 MB."""
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        with _translated():
            answer = s3().get_object(Bucket=self._bucket, Key=key, **pinned)
            if answer["ContentLength"] > MAX_UPLOAD_BYTES:
                raise TooLarge
            return Fetched(answer["Body"].read(), answer.get("VersionId"))

    def unless(self, key: str, etag: str | None) -> Stored | None:
        """An object, or None when its content is still what `etag` tags."""
        known: dict[str, Any] = {"IfNoneMatch": etag} if etag else {}
        try:
            answer = s3().get_object(Bucket=self._bucket, Key=key, **known)
            return Stored(answer["Body"].read(), answer["ETag"])
        except ClientError as failure:
            if failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 304:
                return None
            raise meaning(failure) from failure
        except BotoCoreError as failure:
            raise StorageFailed from failure

    def head(self, key: str, count: int, version: str | None = None) -> Head:
        """The first `count` bytes of an object."""
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        with _translated():
            try:
                answer = s3().get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{count - 1}", **pinned)
            except ClientError as failure:
                if failure.response.get("Error", {}).get("Code") == "InvalidRange":  # of an empty object none can be
                    return Head(b"", 0)
                raise
            # Not everything that speaks S3 heeds a range: the embedded cloud gives the whole of a pinned version.
            whole = answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"]
            return Head(answer["Body"].read(count), int(whole))

    def move(self, key: str, to: str, version: str | None = None) -> None:
        """Puts an object, or one version of it, under another key; nothing of it stays where it was."""
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        source: CopySourceTypeDef = {"Bucket": self._bucket, "Key": key, **pinned}  # type: ignore[typeddict-item]
        with _translated():
            s3().copy_object(
                Bucket=self._bucket,
                Key=to,
                CopySource=source,
                TaggingDirective="REPLACE",  # whatever tags it has, they are not for us to read
            )
            s3().delete_object(Bucket=self._bucket, Key=key, **pinned)

    def under(self, prefix: str) -> Iterator[str]:
        """The keys of all objects under a prefix."""
        with _translated():
            for page in s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", []))

    def link(self, key: str, version: str | None, seconds: int, content_type: str) -> str:
        """An address that gives the object for some seconds, as a file to keep. No round trip."""
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            **({"VersionId": version} if version else {}),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": "attachment",
        }
        return s3().generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)

    def exists(self, key: str, version: str | None = None) -> bool:
        """Whether there is an object under this key, or this version of it."""
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with _translated():
                s3().head_object(Bucket=self._bucket, Key=key, **pinned)
        except NotFound:
            return False
        return True

    def presigned_post(self, key: str, content_type: str, seconds: int) -> PresignedPost:
        """A form for one upload of 1 byte to 50 MB under exactly this key and content type. No round trip."""
        form = s3().generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, MAX_UPLOAD_BYTES]],
            ExpiresIn=seconds,
        )
        return PresignedPost(form["url"], form["fields"])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as failure:
        raise meaning(failure) from failure
    except BotoCoreError as failure:
        raise StorageFailed from failure


def meaning(failure: ClientError) -> NotFound | StorageFailed:
    """What a refusal of S3 means."""
    return NotFound() if failure.response.get("Error", {}).get("Code") in _MISSING else StorageFailed()
