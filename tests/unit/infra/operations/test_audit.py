"""Whatever is done to the entries of an access log or to its seals is found, and what is whole is called so."""

import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import boto3
import pytest

from infra.errors import UserError
from infra.operations.audit import Audit, verify
from scanward import clock
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry
from scanward.stores.access_log import NEW, access_item
from scanward.stores.care import CareStore
from scanward.stores.dynamo import connection
from tests.faults.one_at_a_time import at_once, serialised
from tests.support.cloud import TABLES
from tests.support.seals import Item, entries, seal

pytestmark = pytest.mark.usefixtures("aws")
CLINIC = TABLES["CLINIC_TABLE"]
NOW = clock.now().replace(microsecond=0)
LATER = NOW + timedelta(hours=1)
OWNER, OTHER = 7, 8


def write(owner_id: int, at: datetime, actor_id: int = 9) -> Item:
    entry = AccessEntry(
        patient_id=owner_id,
        at=at,
        actor_id=actor_id,
        actor_role=Role.ADMIN,
        action="READ_PATIENT",
        resource="patient",
        resource_id=owner_id,
    )
    CareStore(CLINIC)
    item = access_item(entry)
    item.save(condition=NEW)
    return item.to_dynamodb_dict()


def gaps(now: datetime = LATER) -> list[tuple[int, str, str]]:
    reports = Audit(CLINIC, TABLES["ACCOUNTS_TABLE"], now).reports({})
    return [(report.owner_id, gap.place, gap.what) for report in reports for gap in report.gaps]


def seals_of(owner_id: int) -> list[Item]:
    items: list[Item] = boto3.client("dynamodb").scan(TableName=CLINIC)["Items"]  # type: ignore[assignment]
    return sorted((i for i in items if i["pk"]["S"] == f"SEALS#{owner_id}"), key=lambda item: item["sk"]["S"])


def put(item: Item) -> None:
    boto3.client("dynamodb").put_item(TableName=CLINIC, Item=item)


def delete(item: Item) -> None:
    boto3.client("dynamodb").delete_item(TableName=CLINIC, Key={name: item[name] for name in ("pk", "sk")})


@pytest.fixture
def log(aws: None) -> list[Item]:
    """Provide a log of six entries under three seals, and another of one entry."""
    for minute in range(3):
        for second in (0, 1):
            write(OWNER, NOW + timedelta(minutes=minute, seconds=second))
        seal(entries()[-2:])
    write(OTHER, NOW)
    seal(entries()[-1:])
    assert gaps() == []
    return [item for item in entries() if item["pk"]["S"] == f"ACCESS#{OWNER}"]


def test_deleted_entry_is_named_by_its_place(log: list[Item]) -> None:
    delete(log[2])
    assert gaps() == [(OWNER, log[2]["sk"]["S"], "missing entry")]


@pytest.mark.parametrize("change", [{"actor_id": {"N": "10"}}, {"hidden": {"BOOL": True}}])
def test_changed_entry_is_named_by_its_place(log: list[Item], change: Item) -> None:
    put(log[3] | change)
    assert gaps() == [(OWNER, log[3]["sk"]["S"], "changed entry")]


def test_forged_entry_before_the_last_seal_is_found(log: list[Item]) -> None:
    write(OWNER, NOW + timedelta(seconds=30))
    [(owner, _, what)] = gaps()
    assert (owner, what) == (OWNER, "extra entry: it was never sealed")


def test_entry_under_a_key_that_no_writer_makes_is_found(log: list[Item]) -> None:
    put(log[0] | {"sk": {"S": "0"}})
    assert gaps() == [(OWNER, "0", "extra entry: it was never sealed")]


def test_entry_that_was_dated_back_is_found_although_it_was_sealed(log: list[Item]) -> None:
    forged = log[0] | {"sk": {"S": f"{int(log[0]['sk']['S'][:13]) + 1}#0123456789ab"}}
    seal([forged | {"at_ms": {"N": str(int(LATER.timestamp() * 1000))}}])  # the stream's own time
    put(forged | {"at_ms": {"N": str(int(LATER.timestamp() * 1000))}})
    assert gaps(LATER) == [(OWNER, forged["sk"]["S"], "extra entry: it was written at another time than it says")]


def test_two_entries_that_were_swapped_are_both_found(log: list[Item]) -> None:
    first, second = log[0] | {"actor_id": {"N": "1"}}, log[5]
    put(first | {"sk": second["sk"]})
    put(second | {"sk": first["sk"]})
    assert gaps() == [(OWNER, item["sk"]["S"], "changed entry") for item in (first, second)]


@pytest.mark.parametrize("number", [1, 2])
def test_deleted_seal_is_found_with_the_entries_that_it_held(log: list[Item], number: int) -> None:
    delete(seals_of(OWNER)[number - 1])
    told = gaps()
    assert (OWNER, f"seal {number}", f"missing seals: {number} to {number}") in told
    assert [what for _, _, what in told].count("extra entry: it was never sealed") == 2


def test_deleted_last_seal_is_found_by_the_entries_that_it_held(log: list[Item]) -> None:
    delete(seals_of(OWNER)[-1])
    assert gaps() == [(OWNER, item["sk"]["S"], "extra entry: it was never sealed") for item in log[4:]]


def test_log_without_any_seal_is_found_by_the_list_of_accounts(log: list[Item]) -> None:
    from tests.support.client import ApiClient  # the log of an account, which the list of accounts still names
    from tests.support.people import own_id, sign_in

    owner = own_id(sign_in(ApiClient(), "ada@example.org"))
    write(owner, NOW)
    assert (owner, "extra entry: it was never sealed") in [(who, what) for who, _, what in gaps()]


def test_two_seals_that_were_swapped_are_found(log: list[Item]) -> None:
    first, second = seals_of(OWNER)[:2]
    put(first | {"sk": second["sk"]})
    put(second | {"sk": first["sk"]})
    places = [place for _, place, what in gaps() if what.startswith("broken seal")]
    assert {"seal 1", "seal 2", "seal 3"} >= set(places) >= {"seal 1", "seal 2"}


def test_seal_whose_rows_were_changed_to_fit_is_found(log: list[Item]) -> None:
    delete(log[0])
    first = seals_of(OWNER)[0]
    rows = json.loads(first["rows"]["S"])
    del rows[log[0]["sk"]["S"]]
    put(first | {"rows": {"S": json.dumps(rows)}})
    assert gaps() == [(OWNER, "seal 1", "broken seal: its content was changed")]


def test_newest_entries_deleted_with_their_seal_are_found_by_who_kept_the_last_seals(
    log: list[Item], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = tmp_path / "heads.json"
    audit = Audit(CLINIC, TABLES["ACCOUNTS_TABLE"], LATER)
    assert verify(audit, heads)
    assert capsys.readouterr().out == "Access logs with seals: 2. Gaps: 0, in 0 logs.\n"
    for item in (*log[4:], seals_of(OWNER)[-1]):
        delete(item)
    assert gaps() == [], "a chain alone cannot know what came after its end"
    for _ in range(2):
        assert not verify(audit, heads), "and it is told each time"
        assert capsys.readouterr().out.splitlines() == [
            f"{OWNER}  seal 3  missing seals: there were 3 when this log was checked before",
            "Access logs with seals: 2. Gaps: 1, in 1 logs.",
        ]
    heads.write_text("[]")
    with pytest.raises(UserError, match="no last seals"):
        verify(audit, heads)


def test_log_of_which_nothing_is_left_is_found_by_who_kept_the_last_seals(log: list[Item], tmp_path: Path) -> None:
    audit = Audit(CLINIC, TABLES["ACCOUNTS_TABLE"], LATER)
    assert verify(audit, tmp_path / "heads.json")
    rows: list[Item] = boto3.client("dynamodb").scan(TableName=CLINIC)["Items"]  # type: ignore[assignment]
    for item in rows:
        if item["pk"]["S"].endswith(f"#{OWNER}") or item["sk"]["S"] == str(OWNER):
            delete(item)
    assert gaps() == [], "nothing in the stack names it"
    assert not verify(audit, tmp_path / "heads.json")


def test_entries_from_before_the_first_seal_of_all_need_none(log: list[Item]) -> None:
    write(OWNER, NOW - timedelta(days=1))
    assert gaps() == []


def test_entry_that_has_just_been_written_waits_for_its_seal(log: list[Item]) -> None:
    write(OWNER, NOW + timedelta(minutes=50))
    assert gaps() == []
    assert [what for _, _, what in gaps(LATER + timedelta(hours=1))] == ["extra entry: it was never sealed"]


def test_batch_that_comes_twice_is_no_gap(log: list[Item]) -> None:
    seal(log[4:])
    assert len(seals_of(OWNER)) == 3, "the last seal holds them"
    seal(log[:4])
    assert len(seals_of(OWNER)) == 4
    assert gaps() == []


def test_log_of_many_writers_and_sealers_at_once_is_whole(aws: None) -> None:
    def work(number: int) -> None:
        item = write(OWNER, NOW + timedelta(seconds=number), actor_id=number)
        while seal([item])["batchItemFailures"]:  # which comes again
            pass

    CareStore(CLINIC)
    seal([])
    with serialised([connection().client]):
        at_once(*(partial(work, number) for number in range(12)))
    assert len(seals_of(OWNER)) == 12
    assert gaps() == []
