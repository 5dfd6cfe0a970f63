"""Images in S3: originals under uploads/, what is made of them under derived/."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.images import MAX_UPLOAD_BYTES
from scanward.errors import NotFound, TooLarge, Unavailable
from scanward.stores.sdk import s3

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})


class StorageFailed(Unavailable):
    """S3 did not give or take an object, after its retries."""

    message = "Storage is temporarily unavailable"


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that a client may send straight to S3 until it expires."""

    url: str
    fields: dict[str, str]


class ObjectStore:
    """The one bucket. Raises NotFound for a missing object and StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Keeps an object."""
        with _translated():
            s3().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def get(self, key: str, version: str | None = None) -> bytes:
        """The bytes of an object, or of the one version of it that was pinned. Raises TooLarge over 50 MB."""
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        with _translated():
            answer = s3().get_object(Bucket=self._bucket, Key=key, **pinned)
            if answer["ContentLength"] > MAX_UPLOAD_BYTES:
                raise TooLarge
            return answer["Body"].read()

    def exists(self, key: str) -> bool:
        """Whether there is an object under this key."""
        try:
            with _translated():
                s3().head_object(Bucket=self._bucket, Key=key)
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
        if failure.response.get("Error", {}).get("Code") in _MISSING:
            raise NotFound from failure
        raise StorageFailed from failure
    except BotoCoreError as failure:
        raise StorageFailed from failure
