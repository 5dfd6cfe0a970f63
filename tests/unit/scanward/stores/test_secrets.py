"""Signing keys, as they lie in Secrets Manager."""

import json

import boto3
import pytest

from scanward.domain.tokens import SigningKey, TokenKeys, rotate_token_keys
from scanward.stores import keys as item_keys
from scanward.stores.secrets import PseudonymKeyStore, read_token_keys, write_token_keys
from tests.support.cloud import KEY, SECRET, TABLES


def test_the_secret_that_cloudformation_makes_is_read(aws: None) -> None:
    assert read_token_keys(SECRET) == TokenKeys((SigningKey("k1", KEY),))


def test_rotated_keys_are_read_back_and_the_newest_is_named(aws: None) -> None:
    keys = rotate_token_keys(read_token_keys(SECRET), SigningKey("k2", "another"), 1_800_000_000)
    write_token_keys(SECRET, keys)
    assert read_token_keys(SECRET) == keys
    said = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])
    assert said["current"] == "k2"


def test_key_of_pseudonyms_is_made_once_and_is_the_accounts_own(aws: None) -> None:
    table = TABLES["SCANS_TABLE"]
    key = PseudonymKeyStore(table).read_or_make(1)
    assert len(key) == 32
    assert PseudonymKeyStore(table).read_or_make(1) == key != PseudonymKeyStore(table).read_or_make(2)


def test_key_of_pseudonyms_that_another_made_meanwhile_is_taken(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PseudonymKeyStore(TABLES["SCANS_TABLE"])
    key = store.read_or_make(1)
    monkeypatch.setattr("scanward.stores.secrets.get_item", lambda *_: None)  # read before the other wrote
    assert store.read_or_make(1) == key


def test_forgotten_key_of_pseudonyms_leaves_nothing_and_is_followed_by_another(aws: None) -> None:
    store = PseudonymKeyStore(TABLES["SCANS_TABLE"])
    key = store.read_or_make(1)
    store.forget(1)
    items = boto3.client("dynamodb").scan(TableName=TABLES["SCANS_TABLE"])["Items"]
    assert [item for item in items if item["pk"]["S"] == item_keys.pseudonyms(1)] == []
    assert store.read_or_make(1) != key
