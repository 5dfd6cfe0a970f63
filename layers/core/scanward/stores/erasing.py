"""Erasing: what lies under one key, link or prefix, whoever wrote it. Each may be done again after half of it."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.stores import keys
from scanward.stores.care_items import CareItem, LinkPlaceItem, link_of, link_places, listed_link_of
from scanward.stores.connect_tokens import ConnectItem, ConnectPlaceItem
from scanward.stores.dynamo import bind, translated
from scanward.stores.transactions import write_together


class AccountRow(Model):
    """Any item of the accounts table, by its key."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ScanRow(Model):
    """Any item of the scans table, by its key."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ClinicRow(Model):
    """Any item of the clinic table, by its key."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class Eraser:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, accounts_table: str, scans_table: str, clinic_table: str) -> None:
        bind(AccountRow, accounts_table)
        bind(ScanRow, scans_table)
        for model in (ClinicRow, CareItem, LinkPlaceItem, ConnectItem, ConnectPlaceItem):
            bind(model, clinic_table)

    def scan_ids(self, account_id: int) -> list[int]:
        """All scans of an account, strongly consistent: what is missed here is not found again."""
        with translated():
            return [int(row.sk) for row in ScanRow.query(keys.scans_of(account_id), consistent_read=True)]

    def task_ids(self, scan_id: int) -> list[int]:
        """All tasks of a scan, strongly consistent."""
        with translated():
            prefix = ScanRow.sk.startswith(keys.ANALYSIS_PREFIX)
            return [keys.number(row.sk) for row in ScanRow.query(keys.scan(scan_id), prefix, consistent_read=True)]

    def task(self, task_id: int) -> None:
        """A task, and who watches it."""
        _drop(ScanRow, keys.task(task_id))

    def scans(self, account_id: int) -> None:
        """An account's lists and counts beside its scans, whose list goes with them: what is in none is not found."""
        for key in (keys.tasks_of, keys.once, keys.notice):
            _drop(ScanRow, key(account_id))
        _drop(ScanRow, keys.uploads(account_id))

    def care(self, account_id: int) -> None:
        """Whom a patient let in, and who let a professional in: each link with its places, and unused tokens."""
        with translated():
            prefix = CareItem.sk.startswith(keys.LINK_PREFIX)
            for item in CareItem.query(keys.care(account_id), prefix, consistent_read=True):
                _delete(*link_places(link_of(item)), item)
            for place in LinkPlaceItem.query(keys.patients_of(account_id), consistent_read=True):
                link = listed_link_of(place)
                _delete(CareItem(keys.care(link.patient_id), keys.link(account_id)), *link_places(link))
            for token in ConnectPlaceItem.query(keys.connects_of(account_id), consistent_read=True):
                _delete(ConnectItem(keys.connect(token.sk), keys.TOKEN), token)

    def clinic(self, account_id: int) -> None:
        """What is left of an account in the clinic, but for the access log."""
        for key in (keys.care, keys.sheet, keys.export, keys.once):
            _drop(ClinicRow, key(account_id))

    def knows(self, account_id: int) -> bool:
        """Whether anything is left of an account itself, strongly consistent."""
        with translated():
            return any(True for _ in AccountRow.query(keys.account(account_id), consistent_read=True, limit=1))

    def account(self, account_id: int) -> None:
        """What is left of an account that is removed."""
        _drop(AccountRow, keys.account(account_id))


def _drop(model: type[AccountRow | ScanRow | ClinicRow], key: str) -> None:
    with translated(), model.batch_write() as batch:
        for row in model.query(key, consistent_read=True):
            batch.delete(row)


def _delete(*items: Model) -> None:
    def fill(write: TransactWrite) -> None:
        for item in items:
            write.delete(item)

    write_together(fill)
