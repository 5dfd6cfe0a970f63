"""Where each person's export is: one an account, replaced by the next."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from scanward.domain.own_data import Export
from scanward.domain.tasks import TaskStatus
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, from_ms, to_ms, translated


class ExportItem(Model):
    """EXPORT#account / EXPORT."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.EXPORT)
    export_id = NumberAttribute()
    status = UnicodeAttribute()
    progress = NumberAttribute()
    asked_ms = NumberAttribute()
    changed_ms = NumberAttribute()
    expires_at = NumberAttribute()


class ExportStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind(ExportItem, table)

    def get(self, account_id: int) -> Export | None:
        """The account's export, strongly consistent, or None."""
        with translated():
            try:
                return _export(ExportItem.get(keys.export(account_id), keys.EXPORT, consistent_read=True))
            except ExportItem.DoesNotExist:
                return None

    def ask(self, before: Export | None, after: Export) -> None:
        """Keeps a new one in place of an earlier one. Raises Conflict when somebody asked meanwhile."""
        absent: Condition = ExportItem.pk.does_not_exist()
        self._save(after, absent if before is None else ExportItem.export_id == before.id)

    def move(self, after: Export) -> None:
        """Writes how far one has come. Raises Conflict when it has been replaced, given up or erased."""
        goes_on = ExportItem.status != TaskStatus.FAILED.value
        self._save(after, (ExportItem.export_id == after.id) & goes_on)

    def give_up(self, after: Export) -> None:
        """Writes that one will not be packed. Raises Conflict when it was begun, replaced or erased."""
        waits = ExportItem.status == TaskStatus.PENDING.value
        self._save(after, (ExportItem.export_id == after.id) & waits)

    def _save(self, export: Export, condition: Condition) -> None:
        try:
            with translated():
                _item(export).save(condition=condition)
        except ConditionFailed as lost:
            if self.get(export.account_id) != export:
                raise Conflict from lost


def _item(export: Export) -> ExportItem:
    return ExportItem(
        keys.export(export.account_id),
        export_id=export.id,
        status=export.status.value,
        progress=export.progress,
        asked_ms=to_ms(export.asked_at),
        changed_ms=to_ms(export.changed_at),
        expires_at=int(export.ends_at.timestamp()),
    )


def _export(item: ExportItem) -> Export:
    return Export(
        account_id=keys.number(item.pk),
        id=int(item.export_id),
        status=TaskStatus(item.status),
        progress=int(item.progress),
        asked_at=from_ms(item.asked_ms),
        changed_at=from_ms(item.changed_ms),
    )
