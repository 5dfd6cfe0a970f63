"""The keys that tokens are signed with, in Secrets Manager.

The secret is `{"current": "k1", "k1": "…"}` as CloudFormation makes it; once rotated it also says from when each key
signs (`from`) and until when it verifies (`until`), in Unix seconds.
"""

import json
from typing import Any

from scanward.domain.tokens import SigningKey, TokenKeys
from scanward.errors import Unavailable
from scanward.stores.clients import secrets_manager
from scanward.stores.sdk import failures_mapped

_ABOUT_KEYS = frozenset({"current", "from", "until"})


def read_token_keys(secret: str) -> TokenKeys:
    """Return the keys; one call. Raises Unavailable."""
    with failures_mapped():
        answer = secrets_manager().get_secret_value(SecretId=secret)
    try:
        keys_by_id: dict[str, Any] = json.loads(answer["SecretString"])
    except (KeyError, ValueError) as error:
        raise Unavailable from error
    begins, ends = keys_by_id.get("from", {}), keys_by_id.get("until", {})
    names = [name for name in keys_by_id if name not in _ABOUT_KEYS]
    return TokenKeys(tuple(SigningKey(name, keys_by_id[name], begins.get(name, 0), ends.get(name)) for name in names))


def write_token_keys(secret: str, keys: TokenKeys) -> None:
    """Keep the keys as a new version of the secret. Raises Unavailable."""
    keys_by_id: dict[str, Any] = {key.id: key.key for key in keys.keys}
    keys_by_id["current"] = max(keys.keys, key=lambda key: key.signs_from).id
    keys_by_id["from"] = {key.id: key.signs_from for key in keys.keys if key.signs_from}
    keys_by_id["until"] = {key.id: key.verifies_until for key in keys.keys if key.verifies_until is not None}
    with failures_mapped():
        secrets_manager().put_secret_value(SecretId=secret, SecretString=json.dumps(keys_by_id))
