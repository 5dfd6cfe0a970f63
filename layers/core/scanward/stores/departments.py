"""Departments: made, renamed and closed."""

from collections.abc import Callable, Iterable
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.departments import Department
from scanward.domain.once import Once
from scanward.errors import AlreadyTaken, Conflict, NotFound
from scanward.stores import keys
from scanward.stores.accounts import UNIQUE
from scanward.stores.clinic_lists import ClinicLists, Ids, Part, RowItem
from scanward.stores.department_items import (
    IS_OPEN,
    DepartmentItem,
    NameItem,
    department_item,
    department_of,
    department_row,
    name_item,
)
from scanward.stores.dynamo import ConditionFailed, bind, to_ms, translated
from scanward.stores.once import OnceItem, mark
from scanward.stores.transactions import write_together


class DepartmentStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (DepartmentItem, NameItem, RowItem, OnceItem):
            bind(model, table)
        self._lists = ClinicLists(table)

    def add(self, department: Department, once: Once | None = None) -> None:
        """Keeps a new one, all or nothing. Raises AlreadyTaken, or Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(department_item(department), condition=DepartmentItem.pk.does_not_exist())
            write.save(name_item(department), condition=NameItem.pk.does_not_exist())
            write.save(department_row(department))
            if once:
                mark(write, once, {"id": str(department.id)}, department.created_at, done=True)

        self._write(fill, department)

    def rename(self, before: Department, after: Department) -> None:
        """Gives an open department another name; the old one is free at once. Raises AlreadyTaken, Conflict."""

        def fill(write: TransactWrite) -> None:
            renamed = DepartmentItem.name.set(after.name)
            same = IS_OPEN & (DepartmentItem.name == before.name)
            write.update(DepartmentItem(keys.department(after.id)), actions=[renamed], condition=same)
            if name_item(before).pk != name_item(after).pk:
                write.delete(name_item(before))
                write.save(name_item(after), condition=NameItem.pk.does_not_exist())

        self._write(fill, after)

    def close(self, department: Department, now: datetime) -> None:
        """From here on it opens nothing, and its name is free. Raises Conflict when it was renamed meanwhile."""

        def fill(write: TransactWrite) -> None:
            closed = DepartmentItem.ends_ms.set(to_ms(now))
            same = IS_OPEN & (DepartmentItem.name == department.name)
            write.update(DepartmentItem(keys.department(department.id)), actions=[closed], condition=same)
            write.delete(name_item(department))
            write.delete(department_row(department))

        self._write(fill, department)

    def get(self, number: int) -> Department | None:
        """The department, open or closed, strongly consistent."""
        with translated():
            try:
                found = DepartmentItem.get(keys.department(number), keys.DEPARTMENT, consistent_read=True)
            except DepartmentItem.DoesNotExist:
                return None
        return department_of(found)

    def opened(self, number: int) -> Department:
        """The department. Raises NotFound unless it is open."""
        found = self.get(number)
        if found is None or not found.is_open:
            raise NotFound
        return found

    def listed(self, part: Part) -> Ids:
        """The open departments."""
        return self._lists.ids([keys.departments(shard) for shard in range(keys.LIST_SHARDS)], part)

    def many(self, numbers: Iterable[int]) -> list[Department]:
        """The open departments among these ids, in their order."""
        wanted = list(dict.fromkeys(numbers))
        with translated():
            items = DepartmentItem.batch_get([(keys.department(number), keys.DEPARTMENT) for number in wanted])
            found = {keys.number(item.pk): department_of(item) for item in items}
        return [found[number] for number in wanted if number in found and found[number].is_open]

    def _write(self, fill: Callable[[TransactWrite], None], department: Department) -> None:
        try:
            write_together(fill)
        except ConditionFailed as lost:
            if self._is_taken(department):
                raise AlreadyTaken({"name": [UNIQUE]}) from lost
            raise Conflict from lost

    def _is_taken(self, department: Department) -> bool:
        with translated():
            try:
                holder = NameItem.get(name_item(department).pk, keys.MARKER, consistent_read=True)
            except NameItem.DoesNotExist:
                return False
        return int(holder.department_id) != department.id
