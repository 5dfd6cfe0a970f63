"""Removing objects for good: a deleted object of a versioned bucket is otherwise kept for a month."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.places import parse_upload_key
from scanward.stores.objects import StorageFailed
from scanward.stores.sdk import s3

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef


class Purger:
    """The one bucket. Raises StorageFailed when S3 fails."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def purge(self, prefix: str) -> None:
        """Removes every version of every object under a prefix."""
        self._remove(prefix, None)

    def purge_one(self, key: str) -> None:
        """Removes every version of one object."""
        self._remove(key, key)

    def purge_image(self, key: str, version: str | None) -> None:
        """Removes the image of a scan; of a delivery the one version: others of its name are other scans' images."""
        if parse_upload_key(key):
            self.purge_one(key)
        elif version:
            self._purge_version(key, version)

    def _purge_version(self, key: str, version: str) -> None:
        try:
            s3().delete_object(Bucket=self._bucket, Key=key, VersionId=version)
        except (BotoCoreError, ClientError) as failure:
            raise StorageFailed from failure

    def _remove(self, prefix: str, only: str | None) -> None:
        try:
            for page in self._versions(prefix, only):
                answer = s3().delete_objects(Bucket=self._bucket, Delete={"Objects": page, "Quiet": True})
                if answer.get("Errors"):
                    raise StorageFailed
        except (BotoCoreError, ClientError) as failure:
            raise StorageFailed from failure

    def _versions(self, prefix: str, only: str | None) -> Iterator[list["ObjectIdentifierTypeDef"]]:
        """Up to a thousand at a time, those that mark a deletion included."""
        for page in s3().get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            wanted = [item for item in found if only in (None, item["Key"])]
            if wanted:
                yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in wanted]
