"""The keys that tokens are signed with, in Secrets Manager."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import Unavailable
from scanward.stores.sdk import secrets_manager


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Signing keys by key id. New tokens are signed with `current`; the others still verify."""

    current: str
    keys: Mapping[str, str]


def read_token_keys(secret: str) -> TokenKeys:
    """The keys in the secret `{"current": kid, kid: key, …}`; one call. Raises Unavailable."""
    try:
        text = secrets_manager().get_secret_value(SecretId=secret)["SecretString"]
    except (BotoCoreError, ClientError) as failure:
        raise Unavailable from failure
    values: dict[str, str] = json.loads(text)
    return TokenKeys(values.pop("current"), values)
