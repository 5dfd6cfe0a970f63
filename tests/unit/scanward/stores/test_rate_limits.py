"""Counts of calls and failures, a minute each."""

import boto3

from scanward.stores.rate_limits import AddressRateStore


def test_counts_expire_by_themselves_even_of_a_minute_that_began_with_a_failure(aws: None) -> None:
    store = AddressRateStore("AccountsTable")
    assert store.count_call("address", "name", 59)[0] == 1
    store.count_failure("address", "name", 60)
    assert store.count_call("address", "name", 61) == (1, 1)
    store.count_failure("elsewhere", "name", 61)
    items = boto3.client("dynamodb").scan(TableName="AccountsTable")["Items"]
    assert len(items) == 3
    assert all(60 < int(item["expires_at"]["N"]) < 1000 for item in items)
