"""Files of models that a clinic keeps in S3, under a prefix of their own."""

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import NotFound
from scanward.stores.objects import StorageFailed
from scanward.stores.sdk import s3

# S3 tells that an object is not there only to those who may list the bucket, which no function needs for this; and a
# wrong bucket or a policy that lacks is no better at the next try.
_NOT_TO_BE_HAD = frozenset({"NoSuchKey", "404", "NoSuchBucket", "AccessDenied", "403"})


class ModelFiles:
    """What lies under a bucket's prefix. Of any size: an operator has put it there, and its hash is pinned."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def get(self, name: str) -> bytes:
        """A file's bytes. Raises NotFound where there is none that may be read, StorageFailed when S3 fails."""
        try:
            return s3().get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"].read()
        except ClientError as failure:
            if failure.response.get("Error", {}).get("Code") in _NOT_TO_BE_HAD:
                raise NotFound from failure
            raise StorageFailed from failure
        except BotoCoreError as failure:
            raise StorageFailed from failure
