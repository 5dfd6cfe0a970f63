"""People: written item by item, or registered and signed in over the API."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import boto3

from scanward.clock import fresh_id, now
from scanward.domain import accounts
from scanward.domain.accounts import PROFESSIONALS, Names, Profile, Role
from scanward.domain.tokens import Claims, Session, TokenType
from scanward.security.passwords import hash_password
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore, profile_item
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import new_session_item, session_map
from tests.support.client import ApiClient
from tests.support.cloud import SECRET, TABLES

ACCOUNTS = TABLES["ACCOUNTS_TABLE"]
PASSWORD = "correct horse"
numbers: Iterator[int] = count(10**14)
"""Ids that no request makes."""


@dataclass(frozen=True)
class Kind:
    """A role; a professional's with or without an administrator's approval."""

    role: Role
    is_approved: bool = True

    @property
    def waits(self) -> bool:
        return self.role in PROFESSIONALS and not self.is_approved

    def __str__(self) -> str:
        return f"{'' if self.is_approved else 'waiting '}{self.role.value.lower()}"


KINDS = (*map(Kind, Role), Kind(Role.DOCTOR, False))


@dataclass(frozen=True)
class Person:
    """An account with a session, and its client."""

    id: int
    kind: Kind
    client: ApiClient


class People:
    """Adds accounts without the cost of a password."""

    def add(self, kind: Kind, departments: frozenset[int] = frozenset()) -> Person:
        """Write a new account with a session. `departments`: where they work, if they are a doctor.

        Item by item: the cloud of the tests copies all its tables for each transaction.
        """
        number, moment = next(numbers), now()
        account = accounts.register(
            id=number, role=kind.role, names=Names(username=f"u{number}"), profile=Profile(), now=moment
        )
        account, session = replace(account, is_approved=kind.is_approved), f"s{number}"
        AccountStore(ACCOUNTS)  # which binds the items
        profile_item(account, "no hash").save()
        gate = new_session_item(account)
        second = int(moment.timestamp())
        gate.sessions = {session: session_map(Session(session, second, second + 3600))}
        if departments and kind.role is Role.DOCTOR:
            gate.departments = set(departments)
        gate.save()
        tokens = Tokens(partial(read_token_keys, SECRET), now)
        token = tokens.issue(TokenType.ACCESS, Claims(number, session, f"t{number}"))
        return Person(number, kind, ApiClient(token))


def sign_in(api: ApiClient, email: str, role: str = "PATIENT") -> ApiClient:
    """Register and log in."""
    body = {"email": email, "password": PASSWORD, "role": role}
    assert api.post("/auth/register", body).status == 200
    return _log_in(api, email)


def sign_in_administrator(api: ApiClient) -> ApiClient:
    """Write an administrator, whom no contract registers, and log in."""
    names = Names(email="administrator@example.org")
    account = accounts.register(id=fresh_id(now()), role=Role.ADMIN, names=names, profile=Profile(), now=now())
    AccountStore(ACCOUNTS).add(account, hash_password(PASSWORD))
    return _log_in(api, "administrator@example.org")


def _log_in(api: ApiClient, email: str) -> ApiClient:
    return api.signed_in(api.form("/auth/login", {"email": email, "password": PASSWORD}).data["access_token"])


def register_organisation(api: ApiClient, kind: str, name: str) -> ApiClient:
    """Register a `hospital` or `labo` as contract C does."""
    profile = {"carte_id": name, "email": f"{name}@example.org", "password": PASSWORD}
    body = {"profile": profile, "name": name, f"{kind}_number": "1", f"{kind}_address": "Here"}
    return api.signed_in(api.post(f"/api/{kind}/register", body).json["access"])


def professional(api: ApiClient, role: str, administrator: ApiClient | None = None) -> ApiClient:
    """Return a doctor, hospital or lab; approved if an administrator is given."""
    name = role.lower()
    if role == "DOCTOR":
        client = sign_in(api, f"{name}@example.org", role)
    else:
        client = register_organisation(api, {"HOSPITAL": "hospital", "LAB": "labo"}[role], name)
    return approve(administrator, client) if administrator else client


def approve(administrator: ApiClient, client: ApiClient) -> ApiClient:
    """Approve a professional; their client."""
    assert administrator.post(f"/users/{own_id(client)}/approval", {"approved": True}).status == 200
    return client


def own_id(client: ApiClient) -> int:
    """Return the id of the account that a client has signed in to."""
    return int(client.get("/users/me").data["id"])


def spend_the_minute() -> None:
    """Use up what the addresses that have called may call, in this minute and the next."""
    dynamodb = boto3.client("dynamodb")
    items = dynamodb.scan(TableName=ACCOUNTS)["Items"]
    for item in (item for item in items if item["pk"]["S"].startswith("ADDRESS#")):
        for minute in (0, 1):
            later = {"S": str(int(item["sk"]["S"]) + minute)}
            dynamodb.put_item(TableName=ACCOUNTS, Item={**item, "sk": later, "calls": {"N": "300"}})
