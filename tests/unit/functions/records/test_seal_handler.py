"""What comes of a batch of the stream: one seal for each log, and of a failure the first record comes again."""

import boto3
import pytest

from functions.records.usecases.access_seals import seal_entries
from scanward import clock
from scanward.domain.access_seals import SealedRow
from scanward.errors import Unavailable
from scanward.stores.access_log import SealStore
from scanward.stores.dynamo import connection
from tests.faults.injection import lost_answer
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.links import connect
from tests.support.people import own_id
from tests.support.read_units import counted
from tests.support.seals import entries, seal

NOW = clock.now()
ROWS = [SealedRow(f"{number:013d}#0123456789ab", 1, "x") for number in range(4)]


class OneDown(SealStore):
    """A store that cannot seal one of the logs."""

    def append(self, owner_id: int, rows: list[SealedRow], now: object) -> None:  # type: ignore[override]
        if owner_id == 2:
            raise Unavailable


def test_entries_of_a_life_are_sealed_one_seal_for_each_log(
    api: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    for patient in (ada, ben):
        connect(doctor, patient)
        assert doctor.get(f"/patients/{own_id(patient)}").status == 200
    with counted() as units:
        assert seal(entries()) == {"batchItemFailures": []}
    for patient in (ada, ben):
        [only] = SealStore(TABLES["CLINIC_TABLE"]).seals(own_id(patient))
        assert len(only.rows) == 2
    assert units.calls.count("Query") == len({item["pk"]["S"] for item in entries()})


@pytest.mark.usefixtures("aws")
def test_first_entry_of_a_log_that_cannot_be_sealed_comes_again_and_others_are_sealed() -> None:
    store = OneDown(TABLES["CLINIC_TABLE"])
    assert seal_entries(store, [(1, ROWS[0]), (3, ROWS[1]), (2, ROWS[2]), (2, ROWS[3])], NOW) == 2
    assert seal_entries(store, [(1, ROWS[0]), (3, ROWS[1])], NOW) is None


def test_batch_that_cannot_be_written_comes_again_from_its_first_record(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    boto3.client("dynamodb").delete_table(TableName=TABLES["CLINIC_TABLE"])
    item = {"pk": {"S": "ACCESS#7"}, "sk": {"S": ROWS[0].place}, "at_ms": {"N": "0"}}
    assert seal([item, item]) == {"batchItemFailures": [{"itemIdentifier": "0"}]}


@pytest.mark.usefixtures("aws")
def test_seal_whose_acknowledgement_is_lost_is_written_once() -> None:
    store = SealStore(TABLES["CLINIC_TABLE"])
    store.append(7, ROWS[:1], NOW)
    with lost_answer(connection().client, "dynamodb.PutItem") as lost:
        store.append(7, ROWS[1:], NOW)
    assert (len(lost), [len(one.rows) for one in store.seals(7)]) == (1, [1, 3])
