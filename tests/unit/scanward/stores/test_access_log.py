"""How entries are written: over no other, and those of a list a hundred in a transaction."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry
from scanward.domain.pagination import PageRange
from scanward.stores.access_log import NEW, AccessLog, access_item
from scanward.stores.care import CareStore
from scanward.stores.dynamo import ConditionFailed, connection, sdk_errors_mapped
from tests.faults.injection import lost_answer
from tests.support.read_units import counted

TABLE = "ClinicTable"
NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)


def entry(patient_id: int) -> AccessEntry:
    return AccessEntry(
        patient_id=patient_id,
        at=NOW,
        actor_id=9,
        actor_role=Role.ADMIN,
        action="READ_PATIENT",
        resource="patient",
        resource_id=patient_id,
    )


@pytest.mark.usefixtures("aws")
def test_entries_of_a_list_are_written_a_hundred_in_a_transaction() -> None:
    with counted() as units:
        CareStore(TABLE).log_all(entry(number) for number in range(1, 102))
    assert units.calls == ["TransactWriteItems"] * 2, "no batch: who may write batches may delete by them"
    assert [AccessLog(TABLE).page(number, PageRange(0, 2)).items for number in (1, 101)] == [[entry(1)], [entry(101)]]


@pytest.mark.usefixtures("aws")
def test_list_that_shows_nobody_writes_nothing() -> None:
    with counted() as units:
        CareStore(TABLE).log_all(())
    assert units.calls == []


@pytest.mark.usefixtures("aws")
def test_entry_is_written_over_no_other() -> None:
    CareStore(TABLE)
    first = access_item(entry(7))
    first.save(condition=NEW)
    other = access_item(entry(7))
    other.sk = first.sk
    with pytest.raises(ConditionFailed), sdk_errors_mapped():
        other.save(condition=NEW)


@pytest.mark.usefixtures("aws")
def test_entries_in_transactions_are_put_where_none_is() -> None:
    events, puts = connection().client.meta.events, list[dict[str, Any]]()

    def keep(params: dict[str, Any], **_: Any) -> None:
        puts.extend(action["Put"] for action in params["TransactItems"])

    events.register("provide-client-params.dynamodb.TransactWriteItems", keep)
    CareStore(TABLE).log_all([entry(1), entry(2)])
    events.unregister("provide-client-params.dynamodb.TransactWriteItems", keep)
    assert ["attribute_not_exists" in put["ConditionExpression"] for put in puts] == [True, True]


@pytest.mark.usefixtures("aws")
def test_entry_whose_acknowledgement_is_lost_is_written_once() -> None:
    with lost_answer(connection().client, "dynamodb.PutItem") as lost:
        assert CareStore(TABLE).log(entry(7), None)
    assert len(lost) == 1
    assert AccessLog(TABLE).page(7, PageRange(0, 5)).items == [entry(7)]
