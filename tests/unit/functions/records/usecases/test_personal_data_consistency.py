"""What an export or an erasure collects is read strongly consistent: a row that a replica lacks would be missed."""

import pytest

from scanward.domain.pagination import PageRange
from scanward.stores.clinical_notes import history_store, record_store
from tests.support.client import ApiClient
from tests.support.links import connect
from tests.support.own_data import CLINIC, carry_out, deliver, live_a_life
from tests.support.people import own_id
from tests.support.read_units import eventual_reads


def test_every_read_of_an_export_is_consistent(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    live_a_life(ada, doctor)
    ada.get("/users/me/export")
    with eventual_reads() as reads:
        assert deliver() == [{"batchItemFailures": []}]
    assert reads.eventual == []
    assert reads.consistent > 20, "all kinds of things were read"
    assert ada.get("/users/me/export").data["status"] == "COMPLETED"


@pytest.mark.parametrize("who", ["ada", "doctor"])
def test_every_read_of_an_erasure_is_consistent(doctor: ApiClient, ada: ApiClient, who: str) -> None:
    connect(doctor, ada)
    live_a_life(ada, doctor)
    body = f'{{"wish": "ERASURE", "account_id": {own_id(ada if who == "ada" else doctor)}}}'
    with eventual_reads() as reads:
        assert carry_out(body) == {"batchItemFailures": []}
    assert reads.eventual == []
    assert reads.consistent > 5


@pytest.mark.parametrize("before", [None, 7])
@pytest.mark.usefixtures("aws")
def test_replaced_versions_of_notes_are_read_consistent(before: int | None) -> None:
    for store in (record_store(CLINIC), history_store(CLINIC)):
        with eventual_reads() as reads:
            store.versions(1, PageRange(0, 10, before))
            store.get_many([1, 2])
        assert (reads.eventual, reads.consistent) == ([], 2)
