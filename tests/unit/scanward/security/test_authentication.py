"""Who must turn on one-time passwords first comes through the gate for nothing else."""

from functools import partial

import pytest

from scanward.clock import now
from scanward.domain.accounts import Role
from scanward.domain.tokens import Claims, TokenType
from scanward.errors import EnrolmentRequired
from scanward.security.authentication import Authenticator
from scanward.security.tokens import Tokens
from scanward.stores import keys
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionItem, SessionStore
from tests.support.cloud import SECRET, TABLES
from tests.support.people import Kind, People, Person


@pytest.fixture
def gate(aws: None) -> Authenticator:
    """Provide the gate of a clinic whose administrators need one-time passwords."""
    tokens = Tokens(partial(read_token_keys, SECRET), now)
    return Authenticator(SessionStore(TABLES["ACCOUNTS_TABLE"]), tokens, 100, now, administrators_enrol=True)


def token(person: Person, kind: TokenType) -> str:
    tokens = Tokens(partial(read_token_keys, SECRET), now)
    task = 7 if kind is TokenType.TASK else None
    return tokens.issue(kind, Claims(person.id, f"s{person.id}", "t", task))


@pytest.mark.parametrize("kind", [TokenType.ACCESS, TokenType.TASK])
def test_administrator_without_one_time_passwords_comes_through_to_enrol_alone(
    gate: Authenticator, kind: TokenType
) -> None:
    person = People().add(Kind(Role.ADMIN))
    with pytest.raises(EnrolmentRequired):
        gate.authenticate(token(person, kind), kind)
    assert gate.authenticate(token(person, kind), kind, is_enrolling=True).actor.account_id == person.id
    gate_item = SessionItem(keys.account(person.id), keys.GATE)
    gate_item.update([SessionItem.one_time_password.set(True)])
    assert gate.authenticate(token(person, kind), kind).actor.has_one_time_password


def test_administrator_without_one_time_passwords_renews_the_session(gate: Authenticator) -> None:
    person = People().add(Kind(Role.ADMIN))
    assert gate.authenticate(token(person, TokenType.REFRESH), TokenType.REFRESH).actor.account_id == person.id


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_others_than_administrators_need_no_one_time_passwords(gate: Authenticator, role: Role) -> None:
    person = People().add(Kind(role))
    assert gate.authenticate(token(person, TokenType.ACCESS), TokenType.ACCESS).actor.account_id == person.id
