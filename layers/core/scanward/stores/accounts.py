"""Accounts, their unique names and their password hashes."""

from dataclasses import dataclass

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import MAX_NAME, Account, Role, fold
from scanward.errors import AlreadyTaken
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, connection, from_ms, to_ms, translated
from scanward.stores.gate import GateItem, new_gate


class ProfileItem(Model):
    """ACCOUNT#id / PROFILE."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.PROFILE)
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    password_hash = UnicodeAttribute()
    created_ms = NumberAttribute()
    updated_ms = NumberAttribute()


class MarkerItem(Model):
    """EMAIL#folded / MARKER: holds a unique name for one account."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.MARKER)
    account_id = NumberAttribute()


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account together with the hash that its password must match (argon2id, PHC string)."""

    account: Account
    password_hash: str


class AccountStore:
    """Reads and writes accounts. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (ProfileItem, MarkerItem, GateItem):
            bind(model, table)

    def add(self, account: Account, password_hash: str) -> None:
        """Keeps a new account, its gate and its marker, all or nothing. Raises AlreadyTaken for its email."""
        profile, marker = _item(account, password_hash), MarkerItem(keys.email(fold(account.email)))
        marker.account_id = account.id
        try:
            with translated(), TransactWrite(connection=connection()) as write:
                write.save(profile, condition=ProfileItem.pk.does_not_exist())
                write.save(marker, condition=MarkerItem.pk.does_not_exist())
                write.save(new_gate(account))
        except ConditionFailed as lost:
            raise AlreadyTaken({"email": ["This field must be unique."]}) from lost

    def by_email(self, email: str) -> Credentials | None:
        """Who logs in with this email, in any case and compatibility form; two round trips."""
        if len(fold(email)) > MAX_NAME:
            return None
        with translated():
            try:
                marker = MarkerItem.get(keys.email(fold(email)), keys.MARKER)
            except MarkerItem.DoesNotExist:
                return None
        return self._credentials(int(marker.account_id))

    def get(self, account_id: int) -> Account | None:
        """The account, or None."""
        found = self._credentials(account_id)
        return found.account if found else None

    def _credentials(self, account_id: int) -> Credentials | None:
        with translated():
            try:
                item = ProfileItem.get(keys.account(account_id), keys.PROFILE, consistent_read=True)
            except ProfileItem.DoesNotExist:
                return None
        return Credentials(_account(item), item.password_hash)


def _item(account: Account, password_hash: str) -> ProfileItem:
    return ProfileItem(
        keys.account(account.id),
        email=account.email,
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        password_hash=password_hash,
        created_ms=to_ms(account.created_at),
        updated_ms=to_ms(account.updated_at),
    )


def _account(item: ProfileItem) -> Account:
    return Account(
        id=keys.number(item.pk),
        email=item.email,
        role=Role(item.role),
        is_active=item.active,
        is_approved=item.approved,
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
    )
