"""Pictures of people in S3, under profiles/: kept cleaned, shown through links that soon end."""

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import Unavailable
from scanward.stores.sdk import s3

LINK_SECONDS = 300


class Pictures:
    """The pictures in the one bucket. Raises Unavailable when S3 does not answer."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def keep(self, account_id: int, name: str, content: bytes, content_type: str) -> str:
        """Keeps a picture under a name of its own; its key."""
        key = f"profiles/{account_id}/{name}"
        try:
            # S3 sends these headers with the picture: it is shown as what it is, and by nobody else's cache.
            s3().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                ContentDisposition="inline",
                CacheControl=f"private, max-age={LINK_SECONDS}",
            )
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure
        return key

    def remove(self, key: str) -> None:
        """Forgets a picture; one that is not there is no error."""
        try:
            s3().delete_object(Bucket=self._bucket, Key=key)
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure

    def link(self, key: str) -> str:
        """An address that shows the picture for five minutes. No round trip."""
        wanted = {"Bucket": self._bucket, "Key": key}
        return s3().generate_presigned_url("get_object", Params=wanted, ExpiresIn=LINK_SECONDS)
