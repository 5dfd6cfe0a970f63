"""Signing keys, as they lie in Secrets Manager."""

import json

import boto3

from scanward.domain.tokens import SigningKey, TokenKeys, rotate_token_keys
from scanward.stores.secrets import read_token_keys, write_token_keys
from tests.support.cloud import KEY, SECRET


def test_the_secret_that_cloudformation_makes_is_read(aws: None) -> None:
    assert read_token_keys(SECRET) == TokenKeys((SigningKey("k1", KEY),))


def test_rotated_keys_are_read_back_and_the_newest_is_named(aws: None) -> None:
    keys = rotate_token_keys(read_token_keys(SECRET), SigningKey("k2", "another"), 1_800_000_000)
    write_token_keys(SECRET, keys)
    assert read_token_keys(SECRET) == keys
    said = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])
    assert said["current"] == "k2"
