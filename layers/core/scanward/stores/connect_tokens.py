"""Connect tokens, and the links that they are spent on."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.care import AccessEntry, CareLink, ConnectToken
from scanward.domain.once import Once
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, access_item
from scanward.stores.care_items import (
    CareItem,
    LinkPlaceItem,
    link_between,
    link_places,
    write_link,
)
from scanward.stores.dynamo import ConditionFailed, bind, from_ms, to_ms, translated
from scanward.stores.once import OnceItem, mark
from scanward.stores.transactions import write_together


class ConnectItem(Model):
    """CONNECT#hash / TOKEN, until it is used, revoked or expired."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.TOKEN)
    professional_id = NumberAttribute()
    ends_ms = NumberAttribute()
    expires_at = NumberAttribute()


class ConnectPlaceItem(Model):
    """CONNECTS#professional / hash: what finds a professional's tokens."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = NumberAttribute()


class ConnectTokens:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (ConnectItem, ConnectPlaceItem, CareItem, LinkPlaceItem, AccessItem, OnceItem):
            bind(model, table)

    def add(self, token: ConnectToken) -> None:
        """Keeps a new token."""
        second = int(token.expires_at.timestamp())
        item = ConnectItem(
            keys.connect(token.hashed),
            professional_id=token.professional_id,
            ends_ms=to_ms(token.expires_at),
            expires_at=second,
        )

        def fill(write: TransactWrite) -> None:
            write.save(item)
            write.save(ConnectPlaceItem(keys.connects_of(token.professional_id), token.hashed, expires_at=second))

        write_together(fill)

    def find(self, hashed: str) -> ConnectToken | None:
        """The token, strongly consistent, expired or not; None when it is used, revoked or unknown."""
        with translated():
            try:
                item = ConnectItem.get(keys.connect(hashed), keys.TOKEN, consistent_read=True)
            except ConnectItem.DoesNotExist:
                return None
        return ConnectToken(hashed, int(item.professional_id), from_ms(item.ends_ms))

    def revoke(self, hashed: str, professional_id: int) -> bool:
        """Forgets an unused token of the professional's; False when there is none."""

        def fill(write: TransactWrite) -> None:
            item = ConnectItem(keys.connect(hashed), keys.TOKEN)
            write.delete(item, condition=ConnectItem.professional_id == professional_id)
            write.delete(ConnectPlaceItem(keys.connects_of(professional_id), hashed))

        try:
            write_together(fill)
        except ConditionFailed:
            return False
        return True

    def spend(self, token: ConnectToken, link: CareLink, entry: AccessEntry, once: Once | None) -> None:
        """Makes a link of a token, with its entry in the log, all or nothing; it replaces an earlier link of the two.

        Raises Conflict when the token was used, revoked or expired meanwhile, or the earlier link changed.
        """
        before = link_between(link.patient_id, link.professional_id)

        def fill(write: TransactWrite) -> None:
            item = ConnectItem(keys.connect(token.hashed), keys.TOKEN)
            write.delete(item, condition=ConnectItem.ends_ms > to_ms(link.since))
            write.delete(ConnectPlaceItem(keys.connects_of(token.professional_id), token.hashed))
            same = CareItem.since_ms == to_ms(before.since) if before else CareItem.pk.does_not_exist()
            write_link(write, link, same)
            if before and before.since != link.since:
                for place in link_places(before):
                    write.delete(place)
            write.save(access_item(entry))
            if once:
                mark(write, once, {"professional_id": str(link.professional_id)}, entry.at, done=True)

        try:
            write_together(fill)
        except ConditionFailed as lost:
            # A link of this very moment is ours: only the acknowledgement was lost.
            if link_between(link.patient_id, link.professional_id) != link:
                raise Conflict from lost
