"""Personal data across the tables: exports, all clinical texts about a patient, and erasure.

Every step of an erasure may be repeated after a crash half-way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.clinical_notes import Note
from scanward.domain.pagination import PageRange
from scanward.domain.personal_data import Export
from scanward.domain.questions import Question
from scanward.domain.tasks import TaskStatus
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.access_log import AccessItem
from scanward.stores.care import (
    CareItem,
    CareLinkEntry,
    ConnectTokenEntry,
    ConnectTokenItem,
    link_entries,
    link_of,
    link_of_entry,
)
from scanward.stores.clinical_notes import NoteStore, NoteVersion, history_store, record_store
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.lists import ListStore
from scanward.stores.questions import QuestionStore


class ExportItem(TableItem):
    """EXPORT#account / EXPORT."""

    sk = UnicodeAttribute(range_key=True, default=keys.EXPORT)
    export_id = NumberAttribute()
    status = UnicodeAttribute()
    progress = NumberAttribute()
    asked_ms = NumberAttribute()
    changed_ms = NumberAttribute()
    expires_at = NumberAttribute()
    packer = UnicodeAttribute(null=True)
    checkpoint = UnicodeAttribute(null=True)


class ExportStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind_table(ExportItem, table)

    def get(self, account_id: int) -> Export | None:
        """Return the account's export, strongly consistent, or None."""
        item = get_item(ExportItem, keys.export(account_id), keys.EXPORT)
        return _export(item) if item else None

    def begin(self, before: Export | None, after: Export) -> None:
        """Keep a new one in place of an earlier one. Raises Conflict when another request came meanwhile."""
        absent: Condition = ExportItem.pk.does_not_exist()
        self._save(after, absent if before is None else ExportItem.export_id == before.id)

    def take(self, before: Export, after: Export) -> None:
        """Give one to another packer. Raises Conflict when it is over, replaced, erased, or was given to another."""
        goes_on = ExportItem.status.is_in(TaskStatus.PENDING.value, TaskStatus.IN_PROGRESS.value)
        self._save(after, (ExportItem.export_id == after.id) & goes_on & _is_packed_by(before.packer))

    def update(self, after: Export) -> None:
        """Write how far one has come.

        Raises Conflict when it has been replaced, given up, erased, or given to another packer.
        """
        goes_on = ExportItem.status != TaskStatus.FAILED.value
        self._save(after, (ExportItem.export_id == after.id) & goes_on & _is_packed_by(after.packer))

    def give_up(self, after: Export) -> None:
        """Write that one will not be packed. Raises Conflict when it was begun, replaced or erased."""
        waits = ExportItem.status == TaskStatus.PENDING.value
        self._save(after, (ExportItem.export_id == after.id) & waits)

    def _save(self, export: Export, condition: Condition) -> None:
        try:
            with sdk_errors_mapped():
                _item(export).save(condition=condition)
        except ConditionFailed as error:
            if self.get(export.account_id) != export:
                raise Conflict from error


def _is_packed_by(packer: str | None) -> Condition:
    absent: Condition = ExportItem.packer.does_not_exist()
    return absent if packer is None else ExportItem.packer == packer


def _item(export: Export) -> ExportItem:
    return ExportItem(
        keys.export(export.account_id),
        export_id=export.id,
        status=export.status.value,
        progress=export.progress,
        asked_ms=to_ms(export.requested_at),
        changed_ms=to_ms(export.changed_at),
        expires_at=int(export.ends_at.timestamp()),
        packer=export.packer,
        checkpoint=export.checkpoint,
    )


def _export(item: ExportItem) -> Export:
    return Export(
        account_id=keys.number(item.pk),
        id=int(item.export_id),
        status=TaskStatus(item.status),
        progress=int(item.progress),
        requested_at=from_ms(item.asked_ms),
        changed_at=from_ms(item.changed_ms),
        packer=item.packer,
        checkpoint=item.checkpoint,
    )


T = TypeVar("T")
PAGE = 50


@dataclass(frozen=True, slots=True)
class TextHistory(Generic[T]):
    """A writing, and what amendments replaced of it."""

    current: Note[T]
    versions: Sequence[NoteVersion[T]]


class ClinicalTexts:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        self._lists = ListStore(table)
        self._records, self._histories = record_store(table), history_store(table)
        self._questions = QuestionStore(table)

    def records(self, patient_id: int) -> Iterator[object]:
        """Return the patient's records."""
        return self._texts(self._records, keys.records_of(patient_id))

    def histories(self, patient_id: int) -> Iterator[object]:
        """Return the patient's medical histories."""
        return self._texts(self._histories, keys.histories_of(patient_id))

    def questions(self, patient_id: int) -> Iterator[Question]:
        """Yield what the patient asked, with the responses."""
        for ids in self._ids(keys.questions_of(patient_id)):
            yield from self._questions.get_many(ids)

    def delete_all(self, patient_id: int) -> None:
        """Leave none of them."""
        self._records.delete_all(patient_id)
        self._histories.delete_all(patient_id)
        self._questions.delete_all(patient_id)

    def _texts(self, store: NoteStore[T], place: str) -> Iterator[TextHistory[T]]:
        for ids in self._ids(place):
            for writing in store.get_many(ids):
                yield TextHistory(writing, list(_read_versions(store, writing.id)))

    def _ids(self, place: str) -> Iterator[Sequence[int]]:
        before = None
        while True:
            page = self._lists.by_id([place], PageRange(0, PAGE, before, is_consistent=True))
            yield page.items
            before = page.last
            if before is None:
                return


def _read_versions(store: NoteStore[T], number: int) -> Iterator[NoteVersion[T]]:
    before = None
    while True:
        page = store.versions(number, PageRange(0, PAGE, before))
        yield from page.items
        before = page.last
        if before is None:
            return


class AccountKey(TableItem):
    """Any item of the accounts table, by its key."""


class ScanKey(TableItem):
    """Any item of the scans table, by its key."""


class ClinicKey(TableItem):
    """Any item of the clinic table, by its key."""


class Eraser:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, accounts_table: str, scans_table: str, clinic_table: str) -> None:
        self._undo_tokens = UndoTokenStore(accounts_table)
        bind_table(AccountKey, accounts_table)
        bind_table(ScanKey, scans_table)
        for model in (ClinicKey, CareItem, CareLinkEntry, ConnectTokenItem, ConnectTokenEntry, AccessItem):
            bind_table(model, clinic_table)

    def scan_ids(self, account_id: int) -> list[int]:
        """Return all scans of an account, strongly consistent: what is missed here is not found again."""
        with sdk_errors_mapped():
            return [int(row.sk) for row in ScanKey.query(keys.scans_of(account_id), consistent_read=True)]

    def task_ids(self, scan_id: int) -> list[int]:
        """Return all tasks of a scan, strongly consistent."""
        with sdk_errors_mapped():
            prefix = ScanKey.sk.startswith(keys.ANALYSIS_PREFIX)
            return [keys.number(row.sk) for row in ScanKey.query(keys.scan(scan_id), prefix, consistent_read=True)]

    def task(self, task_id: int) -> None:
        """Delete a task and its subscriptions."""
        _drop(ScanKey, keys.task(task_id))

    def scans(self, account_id: int) -> None:
        """Delete an account's lists, counts and key beside its scans, whose list goes with them: what is in none is
        not found.
        """
        kinds = (keys.tasks_of, keys.idempotency, keys.notification, keys.uploads, keys.high_orders, keys.pseudonyms)
        for key in kinds:
            _drop(ScanKey, key(account_id))

    def care(self, account_id: int) -> None:
        """Delete the care links of an account, either way: each link with its places, and unused tokens."""
        with sdk_errors_mapped():
            prefix = CareItem.sk.startswith(keys.LINK_PREFIX)
            for item in CareItem.query(keys.care(account_id), prefix, consistent_read=True):
                _delete(*link_entries(link_of(item)), item)
            for place in CareLinkEntry.query(keys.patients_of(account_id), consistent_read=True):
                link = link_of_entry(place)
                _delete(CareItem(keys.care(link.patient_id), keys.link(account_id)), *link_entries(link))
            for token in ConnectTokenEntry.query(keys.connects_of(account_id), consistent_read=True):
                _delete(ConnectTokenItem(keys.connect(token.sk), keys.TOKEN), token)

    def clinic(self, account_id: int) -> None:
        """Delete what is left of an account in the clinic, but for the access log."""
        for key in (keys.care, keys.chart, keys.export, keys.idempotency, keys.glasses):
            _drop(ClinicKey, key(account_id))

    def reasons(self, account_id: int) -> None:
        """Take the reasons for which glass was broken out of the access log about an account; who looked stays."""
        with sdk_errors_mapped():
            with_reason = AccessItem.reason.exists()
            for entry in AccessItem.query(keys.access(account_id), None, with_reason, consistent_read=True):
                _erase_reason(entry)

    def knows(self, account_id: int) -> bool:
        """Tell whether anything is left of an account itself, strongly consistent."""
        with sdk_errors_mapped():
            return any(True for _ in AccountKey.query(keys.account(account_id), consistent_read=True, limit=1))

    def account(self, account_id: int) -> None:
        """Delete what is left of a removed account."""
        self._undo_tokens.delete_all(account_id)
        _drop(AccountKey, keys.account(account_id))


def _erase_reason(entry: AccessItem) -> None:
    """Take the reason out of an entry. By a transaction: an update of its own would give the item back, which the
    role may not have.
    """
    item = AccessItem(entry.pk, entry.sk)
    removals: list[Action] = [AccessItem.reason.remove(), AccessItem.reason_salt.remove()]
    transact_write(lambda write: write.update(item, actions=removals, condition=AccessItem.pk.exists()))


def _drop(model: type[AccountKey | ScanKey | ClinicKey], key: str) -> None:
    with sdk_errors_mapped(), model.batch_write() as batch:
        for row in model.query(key, consistent_read=True):
            batch.delete(row)


def _delete(*items: Model) -> None:
    def fill(write: TransactWrite) -> None:
        for item in items:
            write.delete(item)

    transact_write(fill)
