"""A patient with the sheet that professionals keep of them, in one round trip though they lie in two tables."""

from pynamodb.transactions import TransactGet

from scanward.domain.accounts import Account
from scanward.domain.sheets import Sheet
from scanward.stores import keys
from scanward.stores.account_items import ProfileItem, account_of
from scanward.stores.dynamo import bind, connection, settled
from scanward.stores.sheets import SheetItem, sheet_of


class PatientStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, accounts_table: str, clinic_table: str) -> None:
        bind(ProfileItem, accounts_table)
        bind(SheetItem, clinic_table)

    def get(self, account_id: int) -> tuple[Account, Sheet | None] | None:
        """An account and the newest version of its sheet, if it has one, as they are at one moment."""
        found: list[tuple[Account, Sheet | None]] = []

        def read() -> None:
            with TransactGet(connection=connection()) as both:
                profile = both.get(ProfileItem, keys.account(account_id), keys.PROFILE)
                newest = both.get(SheetItem, keys.sheet(account_id), keys.SHEET)
            try:
                account = account_of(profile.get())
            except ProfileItem.DoesNotExist:
                return
            try:
                found.append((account, sheet_of(newest.get())))
            except SheetItem.DoesNotExist:
                found.append((account, None))

        settled(read)
        return found[0] if found else None
