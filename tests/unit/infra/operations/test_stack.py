"""The administrator of a local stack."""

import boto3
import pytest

from infra.errors import UserError
from infra.operations.stack import create_administrator
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
