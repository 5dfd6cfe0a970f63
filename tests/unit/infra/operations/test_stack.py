"""The administrator of a local stack."""

import boto3
import pytest

from infra.errors import UserError
from infra.operations.stack import create_administrator, rotate_pseudonyms
from scanward.domain.ids import to_uuid
from scanward.stores.secrets import PseudonymKeyStore
from tests.support.client import ApiClient
from tests.support.cloud import TABLES


def test_an_administrator_logs_in_and_is_a_superuser(aws: None) -> None:
    password = create_administrator("AccountsTable", "admin@example.org")
    assert len(password) >= 20
    tokens = ApiClient().form("/auth/login", {"email": "admin@example.org", "password": password}).data
    me = ApiClient(tokens["access_token"]).get("/users/me").data
    assert (me["role"], me["is_superuser"]) == ("ADMIN", True)


@pytest.mark.parametrize("email", ["", " ", "no address", "@example.org", "ada@", "ada\u200b@example.org"])
def test_nobody_administers_by_what_is_no_email(aws: None, email: str) -> None:
    with pytest.raises(UserError, match="email"):
        create_administrator("AccountsTable", email)
    assert boto3.client("dynamodb").scan(TableName=TABLES["ACCOUNTS_TABLE"])["Items"] == []


def test_rotated_pseudonyms_of_an_account_are_made_under_another_key(aws: None) -> None:
    table, number = TABLES["SCANS_TABLE"], 1234567890123
    keys = PseudonymKeyStore(table)
    before, others = keys.read_or_make(number), keys.read_or_make(5)
    rotate_pseudonyms(table, str(to_uuid(number)))
    assert keys.read_or_make(number) != before
    assert keys.read_or_make(5) == others


def test_nothing_is_rotated_for_what_is_no_account(aws: None) -> None:
    with pytest.raises(UserError, match="account"):
        rotate_pseudonyms(TABLES["SCANS_TABLE"], "ada@example.org")
