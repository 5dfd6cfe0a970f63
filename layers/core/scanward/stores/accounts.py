"""Accounts in DynamoDB: their items, unique names, password hashes, and their lists, newest first.

A page of a list costs the same however many accounts there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import product
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import (
    MAX_FOLDED_BYTES,
    Account,
    Decision,
    Gender,
    Names,
    Profile,
    Role,
    fold,
)
from scanward.domain.care import AccessEntry
from scanward.domain.one_time_passwords import OneTimePassword
from scanward.domain.tokens import Session
from scanward.errors import AlreadyTaken, Conflict, ScanwardError
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, write_entry
from scanward.stores.dynamo import (
    ConditionFailed,
    JSONText,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    retry_on_conflict,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)
from scanward.stores.identity.earlier_addresses import earlier_addresses_map, earlier_addresses_of
from scanward.stores.identity.one_time_passwords import one_time_password_map, one_time_password_of
from scanward.stores.identity.unique_names import (
    UniqueNameItem,
    find_owner,
    find_taken_names,
    write_changed_names,
    write_new_names,
    write_removed_names,
)
from scanward.stores.sessions import (
    SessionEndItem,
    SessionItem,
    SessionTerms,
    new_session_item,
    session_actions,
    write_session_end,
)


class ProfileItem(TableItem):
    """ACCOUNT#id / PROFILE."""

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
    earlier_addresses = JSONText(null=True)
    one_time_password = JSONText(null=True)


class AccountEntry(TableItem):
    """USERS#role#active#approved#shard / id: an account's place in one of the lists of administrators."""


class AdministratorsItem(Model):
    """ADMINISTRATORS / COUNT: how many accounts administer, so that the last one stays."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True, default=keys.ADMINISTRATORS)
    sk = UnicodeAttribute(range_key=True, default=keys.COUNT)
    administrators = NumberAttribute()


def profile_item(
    account: Account, password_hash: str, version: int = 1, one_time_password: OneTimePassword | None = None
) -> ProfileItem:
    """Return the item of an account."""
    return ProfileItem(
        keys.account(account.id),
        role=account.role.value,
        active=account.is_active,
        approved=account.is_approved,
        names=_without_empty(account.names),
        profile=_without_empty(account.profile),
        password_hash=password_hash,
        version=version,
        created_ms=to_ms(account.created_at),
        updated_ms=to_ms(account.updated_at),
        decision=_decision_map(account.decision) if account.decision else None,
        earlier_addresses=earlier_addresses_map(account.earlier_addresses) if account.earlier_addresses else None,
        one_time_password=one_time_password_map(one_time_password) if one_time_password else None,
    )


def account_of(item: ProfileItem) -> Account:
    """Return the account that an item spells."""
    profile_fields: dict[str, Any] = dict(item.profile)
    if "gender" in profile_fields:
        profile_fields["gender"] = Gender(profile_fields["gender"])
    if "birth_date" in profile_fields:
        profile_fields["birth_date"] = date.fromisoformat(profile_fields["birth_date"])
    profile_fields["emergency_numbers"] = tuple(profile_fields.get("emergency_numbers", ()))
    return Account(
        id=keys.number(item.pk),
        role=Role(item.role),
        names=Names(**item.names),
        profile=Profile(**profile_fields),
        is_active=item.active,
        is_approved=item.approved,
        created_at=from_ms(item.created_ms),
        updated_at=from_ms(item.updated_ms),
        decision=_decision_of(item.decision) if item.decision else None,
        earlier_addresses=earlier_addresses_of(item.earlier_addresses) if item.earlier_addresses else (),
    )


def account_entries(account: Account) -> Iterator[AccountEntry]:
    """Yield the account's places in the lists: one for each combination of filters that it answers to.

    A filter that lives in a key costs the same with a hundred accounts and with a million.
    """
    for role, active, is_approved in product(
        (None, account.role), (None, account.is_active), (None, account.is_approved)
    ):
        yield AccountEntry(
            keys.user_list(role, active, is_approved, keys.list_shard(account.id)), keys.sortable(account.id)
        )


def _decision_map(decision: Decision) -> dict[str, Any]:
    times = {"since_ms": decision.since, "refused_ms": decision.refused_since}
    since = {name: to_ms(time) for name, time in times.items() if time}
    return {"by": decision.by, "at_ms": to_ms(decision.at), "reason": decision.reason, **since}


def _decision_of(stored_decision: dict[str, Any]) -> Decision:
    since, refused_since = (
        from_ms(stored_decision[name]) if name in stored_decision else None for name in ("since_ms", "refused_ms")
    )
    return Decision(
        stored_decision["by"],
        from_ms(stored_decision["at_ms"]),
        stored_decision["reason"],
        since=since,
        refused_since=refused_since,
    )


def _without_empty(record: Names | Profile) -> dict[str, Any]:
    values = {name: value for name, value in asdict(record).items() if value not in (None, ())}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def write_new(write: TransactWrite, account: Account, password_hash: str) -> None:
    """Add a new account to a transaction, on condition that neither its id nor a name of its is in use."""
    write_new_names(write, account)
    write.save(profile_item(account, password_hash), condition=ProfileItem.pk.does_not_exist())
    write.save(new_session_item(account))
    for row in account_entries(account):
        write.save(row)
    _count_administrators(write, int(account.is_superuser))


def write_change(write: TransactWrite, before: "Credentials", after: "Credentials", sessions: "SessionTerms") -> None:
    """Add a changed account to a transaction, on condition that its stored `version` is that still."""
    old, new = before.account, after.account
    write_changed_names(write, old, new)
    _write_differences(write, old, new)
    item = profile_item(new, after.password_hash, before.version + 1, after.one_time_password)
    write.save(item, condition=ProfileItem.version == before.version)
    actions = session_actions(new, ends_sessions=sessions.ends, survivor=sessions.survivor)
    actions.append(SessionItem.one_time_password.set(after.has_one_time_password))
    write.update(SessionItem(keys.account(new.id), keys.GATE), actions=actions, condition=sessions.condition())
    if sessions.ends:
        write_session_end(write, new.id)
    _count_administrators(write, is_active_administrator(new) - is_active_administrator(old))


def write_removal(write: TransactWrite, account: Account, password_hash: str, version: int) -> None:
    """Add the removal of an account to a transaction, on condition that its stored `version` is that still.

    Its gate stays, closed, until all else is erased: it knows the departments that are to be left.
    """
    write.delete(profile_item(account, password_hash), condition=ProfileItem.version == version)
    actions = session_actions(replace(account, is_active=False), ends_sessions=True)
    write.update(SessionItem(keys.account(account.id), keys.GATE), actions=actions)
    write_session_end(write, account.id)
    write_removed_names(write, account)
    for entry in account_entries(account):
        write.delete(entry)
    _count_administrators(write, -is_active_administrator(account))


def is_active_administrator(account: Account) -> int:
    """Return 1 for an account that can administer, else 0."""
    return int(account.is_superuser and account.is_active)


def _write_differences(write: TransactWrite, old: Account, new: Account) -> None:
    """Write the differences of list entries: what only the old account has goes, what only the new one has comes."""
    was, will = ({entry.pk: entry for entry in account_entries(account)} for account in (old, new))
    for key in was.keys() - will.keys():
        write.delete(was[key])
    for key in will.keys() - was.keys():
        write.save(will[key])


def _count_administrators(write: TransactWrite, change: int) -> None:
    if change:
        last = AdministratorsItem.administrators > 1 if change < 0 else None
        write.update(AdministratorsItem(), actions=[AdministratorsItem.administrators.add(change)], condition=last)


NO_ACCOUNT = 0  # no account's id


class LastAdministrator(Conflict):
    """Without this account there would be no administrator."""

    message = "The last administrator stays"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account together with the hash that its password must match (argon2id, PHC string).

    `version` is that of the stored account: a change is written over no other. `one_time_password`: None where none
    was asked for.
    """

    account: Account
    password_hash: str
    version: int = 1
    one_time_password: OneTimePassword | None = None

    @property
    def has_one_time_password(self) -> bool:
        """Tell whether a login needs a one-time password."""
        return self.one_time_password is not None and self.one_time_password.is_on


class AccountStore:
    """Reads and writes accounts. Raises Unavailable when DynamoDB does not answer.

    `log_table`: of the access log, for changes of the accounts of others. An `entry` is written with its
    change, both or none.
    """

    def __init__(self, table: str, log_table: str | None = None) -> None:
        for model in (ProfileItem, UniqueNameItem, SessionItem, AccountEntry, AdministratorsItem, SessionEndItem):
            bind_table(model, table)
        if log_table:
            bind_table(AccessItem, log_table)

    def add(self, account: Account, password_hash: str) -> None:
        """Keep a new account, all or nothing. Raises AlreadyTaken, with each name that is another account's."""
        self._write(lambda write: write_new(write, account, password_hash), account)

    def change(
        self,
        before: Credentials,
        after: Credentials,
        *,
        ends_sessions: bool,
        caller: str | None = None,
        survivor: Session | None = None,
        entry: AccessEntry | None = None,
    ) -> None:
        """Write an account over what it was, all or nothing; a name that it gave up is free at once.

        But for an address that it can be brought back to. `caller`: the session that asks for it, which must not have
        ended meanwhile. `survivor`: the one that goes on when sessions end. Raises AlreadyTaken, LastAdministrator, or
        Conflict when another call changed it meanwhile.
        """
        old, new = before.account, after.account
        self._write(
            lambda write: write_change(write, before, after, SessionTerms(ends_sessions, caller, survivor)),
            new,
            leaves=is_active_administrator(old) > is_active_administrator(new),
            entry=entry,
        )

    def write_one_time_password(self, before: Credentials, after: OneTimePassword) -> None:
        """Write what a code has changed; one round trip. Raises Conflict when another call changed the account."""
        item = ProfileItem(keys.account(before.account.id))
        actions: list[Action] = [
            ProfileItem.one_time_password.set(one_time_password_map(after)),
            ProfileItem.version.set(before.version + 1),
        ]
        try:
            retry_on_conflict(lambda: item.update(actions, condition=ProfileItem.version == before.version))
        except ConditionFailed as error:
            raise Conflict from error

    def lock(self, account_id: int, now: datetime, entry: AccessEntry | None = None) -> bool:
        """End an account's sessions and let no caller in again, whatever changes it; False if already locked.

        Raises LastAdministrator.
        """

        def deactivate(credentials: Credentials) -> None:
            after = replace(credentials, account=replace(credentials.account, is_active=False, updated_at=now))
            if credentials.account.is_active:
                self.change(credentials, after, ends_sessions=True, entry=entry)

        credentials = self._require_administrator(account_id, deactivate)
        return credentials is not None and credentials.account.is_active

    def remove(self, account_id: int, entry: AccessEntry | None = None) -> Account | None:
        """Forget an account, its names and its sessions, whatever else changes it; what it was, None if it is gone.

        Raises LastAdministrator.
        """

        def forget(credentials: Credentials) -> None:
            account = credentials.account
            self._write(
                lambda write: write_removal(write, account, credentials.password_hash, credentials.version),
                account,
                leaves=bool(is_active_administrator(account)),
                entry=entry,
            )

        credentials = self._require_administrator(account_id, forget)
        return credentials.account if credentials else None

    def by_name(self, field: str, text: str) -> Credentials | None:
        """Return whose `email` or `username` this is, in any case and compatibility form.

        Two round trips, for a name without an account too: the time it takes does not tell whether there is an account.
        """
        if len(fold(text).encode()) > MAX_FOLDED_BYTES:
            return None
        owner = find_owner(field, text)
        credentials = self.get(NO_ACCOUNT if owner is None else owner)
        # An earlier address is held for an account, and is not its name any more.
        has_it = credentials and credentials.account.names.unique_forms().get(field) == fold(text)
        return credentials if has_it else None

    def find_taken(self, names: Names, now: datetime, owner: int | None = None) -> dict[str, list[str]]:
        """Return field → text, of those names that belong to an account other than the owner's; one round trip."""
        return find_taken_names(names, now, owner)

    def get(self, account_id: int) -> Credentials | None:
        """Return the account and its password's hash, strongly consistent, or None."""
        item = get_item(ProfileItem, keys.account(account_id), keys.PROFILE)
        return _credentials(item) if item else None

    def get_many(self, account_ids: Sequence[int]) -> list[Account]:
        """Return the accounts among these ids that are there, in their order."""
        with sdk_errors_mapped():
            items = ProfileItem.batch_get([(keys.account(number), keys.PROFILE) for number in account_ids])
            by_id = {keys.number(item.pk): account_of(item) for item in items}
        return [by_id[number] for number in account_ids if number in by_id]

    def require_another_administrator(self, account: Account) -> None:
        """Raise LastAdministrator when there would be no administrator without this account.

        One round trip for administrators, none for others. Others may go behind it: writes hold it for themselves.
        """
        if is_active_administrator(account) and _administrators() < 2:
            raise LastAdministrator

    def _require_administrator(self, account_id: int, act: Callable[[Credentials], None]) -> Credentials | None:
        """Change an account as it is now; anew where another call changed it meanwhile. None if it is gone."""
        for last in (False, False, True):
            credentials = self.get(account_id)
            try:
                if credentials:
                    act(credentials)
                return credentials
            except Conflict as error:
                if last or isinstance(error, LastAdministrator):
                    raise
        return None

    def _write(
        self,
        fill: Callable[[TransactWrite], None],
        account: Account,
        *,
        leaves: bool = False,
        entry: AccessEntry | None = None,
    ) -> None:
        """Carry out one transaction, built anew for each try. `leaves`: an administrator goes by it."""

        def fill_all(write: TransactWrite) -> None:
            fill(write)
            if entry:
                write_entry(write, entry)

        try:
            transact_write(fill_all)
        except ConditionFailed as error:
            raise self._conflict_error(account, leaves=leaves) from error

    def _conflict_error(self, account: Account, *, leaves: bool) -> ScanwardError:
        """Return what a failed condition means. It is rare, so it may cost a read."""
        taken_names = self.find_taken(account.names, account.updated_at, account.id)
        if taken_names:
            return AlreadyTaken(taken_names)
        return LastAdministrator() if leaves and _administrators() < 2 else Conflict()


def _administrators() -> int:
    with sdk_errors_mapped():
        return int(AdministratorsItem.get(keys.ADMINISTRATORS, keys.COUNT, consistent_read=True).administrators)


def _credentials(item: ProfileItem) -> Credentials:
    one_time_password = one_time_password_of(item.one_time_password) if item.one_time_password else None
    return Credentials(account_of(item), item.password_hash, int(item.version), one_time_password)
