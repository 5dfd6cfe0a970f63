"""Keys: those that tokens are signed with, in Secrets Manager; an account's own of pseudonyms, in DynamoDB.

The secret of tokens is `{"current": "k1", "k1": "…"}` as CloudFormation makes it; once rotated it also says from when
each key signs (`from`) and until when it verifies (`until`), in Unix seconds.
"""

import json
import secrets
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from scanward.domain.tokens import SigningKey, TokenKeys
from scanward.errors import Unavailable
from scanward.stores import keys as item_keys
from scanward.stores.clients import secrets_manager
from scanward.stores.dynamo import TableItem, bind_table, get_item, sdk_errors_mapped
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


class PseudonymKeyItem(TableItem):
    """PSEUDONYMS#account / PSEUDONYMS."""

    sk = UnicodeAttribute(range_key=True, default=item_keys.PSEUDONYMS)
    secret = UnicodeAttribute()


class PseudonymKeyStore:
    """The key that turns the UIDs of an account's images into those of their de-identified copies.

    Raises Unavailable when DynamoDB does not answer.
    """

    def __init__(self, table: str) -> None:
        bind_table(PseudonymKeyItem, table)

    def read_or_make(self, account_id: int) -> bytes:
        """Return the account's key, strongly consistent; one round trip, at the first use one more.

        Of two that make it at once, both are given the one that is kept.
        """
        place = item_keys.pseudonyms(account_id)
        item = get_item(PseudonymKeyItem, place, item_keys.PSEUDONYMS)
        if item is None:
            item = PseudonymKeyItem(place)
            with sdk_errors_mapped():
                item.update([PseudonymKeyItem.secret.set(PseudonymKeyItem.secret | secrets.token_hex(32))])
        return bytes.fromhex(item.secret)

    def forget(self, account_id: int) -> None:
        """Forget an account's key: the next copy is made under another, and nothing leads from one to the other."""
        with sdk_errors_mapped():
            PseudonymKeyItem(item_keys.pseudonyms(account_id)).delete()
