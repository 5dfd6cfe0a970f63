"""Accounts, their unique names and their password hashes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import MAX_FOLDED_BYTES, Account, Names, fold
from scanward.domain.care import AccessEntry
from scanward.errors import AlreadyTaken, Conflict, ScanwardError
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, access_item
from scanward.stores.account_items import AdministratorsItem, ListItem, MarkerItem, ProfileItem, account_of
from scanward.stores.account_writes import administers, write_gone, write_new, write_over
from scanward.stores.dynamo import ConditionFailed, bind, translated
from scanward.stores.gate_items import GateItem
from scanward.stores.session_ends import EndedItem
from scanward.stores.transactions import write_together

UNIQUE = "This field must be unique."
NOBODY = 0  # no account's id


class LastAdministrator(Conflict):
    """Without this account nobody could administer."""

    message = "The last administrator stays"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account together with the hash that its password must match (argon2id, PHC string).

    `version` is that of the stored account: a change is written over no other.
    """

    account: Account
    password_hash: str
    version: int = 1


class AccountStore:
    """Reads and writes accounts. Raises Unavailable when DynamoDB does not answer.

    `log_table`: of the access log, for whoever changes the accounts of others. An `entry` is written with its change,
    both or none.
    """

    def __init__(self, table: str, log_table: str | None = None) -> None:
        for model in (ProfileItem, MarkerItem, GateItem, ListItem, AdministratorsItem, EndedItem):
            bind(model, table)
        if log_table:
            bind(AccessItem, log_table)

    def add(self, account: Account, password_hash: str) -> None:
        """Keeps a new account, all or nothing. Raises AlreadyTaken, with each name that is somebody's."""
        self._write(lambda write: write_new(write, account, password_hash), account)

    def change(
        self, before: Credentials, after: Credentials, *, ends_sessions: bool, entry: AccessEntry | None = None
    ) -> None:
        """Writes an account over what it was, all or nothing; a name that it gave up is free at once.

        Raises AlreadyTaken, LastAdministrator, or Conflict when somebody else changed it meanwhile.
        """
        old, new = before.account, after.account

        def over(write: TransactWrite) -> None:
            write_over(write, old, new, after.password_hash, before.version, ends_sessions=ends_sessions)

        self._write(over, new, leaves=administers(old) > administers(new), entry=entry)

    def lock(self, account_id: int, now: datetime, entry: AccessEntry | None = None) -> bool:
        """Ends an account's sessions and lets nobody in again, whoever else changes it; False if it was locked already.

        Raises LastAdministrator.
        """

        def deactivate(found: Credentials) -> None:
            locked = replace(found, account=replace(found.account, is_active=False, updated_at=now))
            if found.account.is_active:
                self.change(found, locked, ends_sessions=True, entry=entry)

        found = self._insist(account_id, deactivate)
        return found is not None and found.account.is_active

    def remove(self, account_id: int, entry: AccessEntry | None = None) -> Account | None:
        """Forgets an account, its names and its sessions, whoever else changes it; what it was, None if it is gone.

        Raises LastAdministrator.
        """

        def forget(found: Credentials) -> None:
            gone = found.account
            self._write(
                lambda write: write_gone(write, gone, found.password_hash, found.version),
                gone,
                leaves=bool(administers(gone)),
                entry=entry,
            )

        removed = self._insist(account_id, forget)
        return removed.account if removed else None

    def by_name(self, field: str, text: str) -> Credentials | None:
        """Whose `email` or `username` this is, in any case and compatibility form.

        Two round trips, for nobody's name too: the time it takes tells nobody whether there is an account.
        """
        if len(fold(text).encode()) > MAX_FOLDED_BYTES:
            return None
        with translated():
            try:
                owner = int(MarkerItem.get(keys.marker(field, fold(text)), keys.MARKER).account_id)
            except MarkerItem.DoesNotExist:
                owner = NOBODY
        return self.get(owner)

    def taken(self, names: Names, owner: int | None = None) -> dict[str, list[str]]:
        """Field → text, of those names that are somebody's other than the owner's; one round trip."""
        wanted = {keys.marker(field, folded): field for field, folded in names.folded().items()}
        if not wanted:
            return {}
        with translated():
            held = list(MarkerItem.batch_get([(key, keys.MARKER) for key in wanted], consistent_read=True))
        return {wanted[item.pk]: [UNIQUE] for item in held if item.account_id != owner}

    def get(self, account_id: int) -> Credentials | None:
        """The account and its password's hash, strongly consistent, or None."""
        with translated():
            try:
                item = ProfileItem.get(keys.account(account_id), keys.PROFILE, consistent_read=True)
            except ProfileItem.DoesNotExist:
                return None
        return _credentials(item)

    def many(self, account_ids: list[int]) -> list[Account]:
        """The accounts among these ids that are there, in their order."""
        with translated():
            items = ProfileItem.batch_get([(keys.account(number), keys.PROFILE) for number in account_ids])
            found = {keys.number(item.pk): account_of(item) for item in items}
        return [found[number] for number in account_ids if number in found]

    def insist_on_another_administrator(self, account: Account) -> None:
        """Raises LastAdministrator when nobody could administer without this account.

        One round trip for administrators, none for others. Others may go behind it: writes hold it for themselves.
        """
        if administers(account) and _administrators() < 2:
            raise LastAdministrator

    def _insist(self, account_id: int, act: Callable[[Credentials], None]) -> Credentials | None:
        """Does something to an account as it is; anew where somebody else changed it meanwhile. None if it is gone."""
        for last in (False, False, True):
            found = self.get(account_id)
            try:
                if found:
                    act(found)
                return found
            except Conflict as lost:
                if last or isinstance(lost, LastAdministrator):
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
        """One transaction, filled anew for each try. `leaves`: an administrator goes by it."""

        def fill_all(write: TransactWrite) -> None:
            fill(write)
            if entry:
                write.save(access_item(entry))

        try:
            write_together(fill_all)
        except ConditionFailed as lost:
            raise self._why(account, leaves=leaves) from lost

    def _why(self, account: Account, *, leaves: bool) -> ScanwardError:
        """What a failed condition means. It is rare, so it may cost a read."""
        taken = self.taken(account.names, account.id)
        if taken:
            return AlreadyTaken(taken)
        return LastAdministrator() if leaves and _administrators() < 2 else Conflict()


def _administrators() -> int:
    with translated():
        return int(AdministratorsItem.get(keys.ADMINISTRATORS, keys.COUNT, consistent_read=True).administrators)


def _credentials(item: ProfileItem) -> Credentials:
    return Credentials(account_of(item), item.password_hash, int(item.version))
