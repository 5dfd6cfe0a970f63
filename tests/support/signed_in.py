"""Whoever has signed in over HTTP, and what their address may no longer."""

import boto3

from scanward.clock import fresh_id, now
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.security.passwords import hash_password
from scanward.stores.accounts import AccountStore
from tests.support.client import ApiClient
from tests.support.cloud import TABLES


def sign_in(api: ApiClient, email: str, role: str = "PATIENT") -> ApiClient:
    """Register and logs in."""
    body = {"email": email, "password": "correct horse", "role": role}
    assert api.post("/auth/register", body).status == 200
    tokens = api.form("/auth/login", {"email": email, "password": "correct horse"}).data
    return ApiClient(tokens["access_token"])


def sign_in_administrator(api: ApiClient) -> ApiClient:
    """Return an administrator, whom no contract registers, and logs in."""
    names = Names(email="administrator@example.org")
    account = accounts.register(id=fresh_id(now()), role=Role.ADMIN, names=names, profile=Profile(), now=now())
    AccountStore(TABLES["ACCOUNTS_TABLE"]).add(account, hash_password("correct horse"))
    tokens = api.form("/auth/login", {"email": "administrator@example.org", "password": "correct horse"}).data
    return ApiClient(tokens["access_token"])


def spend_the_minute() -> None:
    """Use up what the addresses that have called may call, in this minute and the next."""
    dynamodb = boto3.client("dynamodb")
    items = dynamodb.scan(TableName="AccountsTable")["Items"]
    for item in (item for item in items if item["pk"]["S"].startswith("ADDRESS#")):
        for minute in (0, 1):
            later = {"S": str(int(item["sk"]["S"]) + minute)}
            dynamodb.put_item(TableName="AccountsTable", Item={**item, "sk": later, "calls": {"N": "300"}})
