"""How accounts are spelled as DynamoDB items."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import product
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from scanward.domain.accounts import Account, Decision, Gender, Names, Profile, Role
from scanward.stores import keys
from scanward.stores.attributes import JSONText
from scanward.stores.dynamo import from_ms, to_ms


class ProfileItem(Model):
    """ACCOUNT#id / PROFILE."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.PROFILE)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    names = JSONText()
    profile = JSONText()
    password_hash = UnicodeAttribute()
    version = NumberAttribute()
    created_ms = NumberAttribute()
    updated_ms = NumberAttribute()
    decision = JSONText(null=True)


class MarkerItem(Model):
    """EMAIL#folded / MARKER and its like: holds a unique name for one account."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.MARKER)
    account_id = NumberAttribute()


class ListItem(Model):
    """USERS#role#active#approved#shard / id: an account's place in one of the lists of administrators."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class AdministratorsItem(Model):
    """ADMINISTRATORS / COUNT: how many accounts administer, so that the last one stays."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True, default=keys.ADMINISTRATORS)
    sk = UnicodeAttribute(range_key=True, default=keys.COUNT)
    administrators = NumberAttribute()


def profile_item(account: Account, password_hash: str, version: int = 1) -> ProfileItem:
    """The item of an account."""
    return ProfileItem(
        keys.account(account.id),
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        names=_said(account.names),
        profile=_said(account.profile),
        password_hash=password_hash,
        version=version,
        created_ms=to_ms(account.created_at),
        updated_ms=to_ms(account.updated_at),
        decision=_decided(account.decision) if account.decision else None,
    )


def account_of(item: ProfileItem) -> Account:
    """The account that an item spells."""
    said: dict[str, Any] = dict(item.profile)
    if "gender" in said:
        said["gender"] = Gender(said["gender"])
    if "birth_date" in said:
        said["birth_date"] = date.fromisoformat(said["birth_date"])
    said["emergency_numbers"] = tuple(said.get("emergency_numbers", ()))
    return Account(
        id=keys.number(item.pk),
        role=Role(item.role),
        names=Names(**item.names),
        profile=Profile(**said),
        is_active=item.active,
        is_approved=item.approved,
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
        decision=_decision(item.decision) if item.decision else None,
    )


def markers(account: Account) -> dict[str, MarkerItem]:
    """Field → the marker that holds its name for the account."""
    return {
        field: MarkerItem(keys.marker(field, folded), account_id=account.id)
        for field, folded in account.names.folded().items()
    }


def rows(account: Account) -> Iterator[ListItem]:
    """The account's places in the lists: one for each combination of filters that it answers to.

    A filter that lives in a key costs the same with a hundred accounts and with a million.
    """
    for role, active, approved in product((None, account.role), (None, account.is_active), (None, account.is_approved)):
        yield ListItem(keys.user_list(role, active, approved, keys.list_shard(account.id)), keys.sortable(account.id))


def _decided(decision: Decision) -> dict[str, Any]:
    return {"by": decision.by, "at_ms": to_ms(decision.at), "reason": decision.reason}


def _decision(said: dict[str, Any]) -> Decision:
    return Decision(said["by"], from_ms(said["at_ms"]), said["reason"])


def _said(record: Names | Profile) -> dict[str, Any]:
    values = {name: value for name, value in asdict(record).items() if value not in (None, ())}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
