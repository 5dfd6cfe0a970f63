"""Who calls: one of each role, signed in without the cost of a password."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from scanward import clock
from scanward.domain import accounts
from scanward.domain.accounts import PROFESSIONALS, Names, Profile, Role
from scanward.domain.tokens import Claims, Session, TokenType
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore, profile_item
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import new_session_item, session_map
from tests.support.client import ApiClient
from tests.support.cloud import SECRET, TABLES

ACCOUNTS = TABLES["ACCOUNTS_TABLE"]
numbers: Iterator[int] = count(10**14)


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
    """Somebody who has signed in."""

    id: int
    kind: Kind
    client: ApiClient


def person(kind: Kind, departments: frozenset[int] = frozenset()) -> Person:
    """Somebody new. `departments`: where they work, if they are a doctor."""
    number, now = next(numbers), clock.now()
    account = accounts.register(
        id=number, role=kind.role, names=Names(username=f"u{number}"), profile=Profile(), now=now
    )
    account, session = replace(account, is_approved=kind.is_approved), f"s{number}"
    AccountStore(ACCOUNTS)  # which binds the items
    # Item by item: the cloud of the tests copies all its tables for each transaction.
    profile_item(account, "no hash").save()
    gate = new_session_item(account)
    second = int(now.timestamp())
    gate.sessions = {session: session_map(Session(session, second, second + 3600))}
    if departments and kind.role is Role.DOCTOR:
        gate.departments = set(departments)
    gate.save()
    tokens = Tokens(partial(read_token_keys, SECRET), clock.now)
    return Person(number, kind, ApiClient(tokens.issue(TokenType.ACCESS, Claims(number, session, f"t{number}"))))
