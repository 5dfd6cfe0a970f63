"""Two who renew with one refresh token at the same moment: an app with two windows, or its owner and a thief."""

import pytest

from functions.auth.usecases import sessions
from functions.auth.usecases.sessions import RenewedTokens
from scanward.domain.tokens import TokenType
from scanward.errors import NotAuthenticated
from tests.support.client import ApiClient


@pytest.fixture
def refresh_token(api: ApiClient, person: ApiClient) -> str:
    tokens = api.form("/auth/login", {"email": "somebody@example.org", "password": "correct horse"}).data
    return str(tokens["refresh_token"])


def test_two_windows_that_rotate_at_once_get_the_same_successor(refresh_token: str) -> None:
    from functions.auth.handler import deps as auth
    from functions.auth.handler import gate

    passes = [gate.authenticate(refresh_token, TokenType.REFRESH) for _ in range(2)]
    first, second = (sessions.renew_tokens(auth, passed, rotates=True) for passed in passes)
    assert successor(first) == successor(second)
    assert gate.authenticate(str(second.refresh), TokenType.REFRESH)


def test_a_refresh_token_used_after_its_successor_ends_the_session(refresh_token: str) -> None:
    from functions.auth.handler import deps as auth
    from functions.auth.handler import gate

    late = gate.authenticate(refresh_token, TokenType.REFRESH)
    shown = refresh_token
    for _ in range(2):
        shown = str(sessions.renew_tokens(auth, gate.authenticate(shown, TokenType.REFRESH), rotates=True).refresh)
    with pytest.raises(NotAuthenticated):
        sessions.renew_tokens(auth, late, rotates=True)
    with pytest.raises(NotAuthenticated):
        gate.authenticate(shown, TokenType.REFRESH)


def test_a_refresh_token_of_a_session_that_ended_meanwhile_does_not_rotate(refresh_token: str) -> None:
    from functions.auth.handler import deps as auth
    from functions.auth.handler import gate

    passed = gate.authenticate(refresh_token, TokenType.REFRESH)
    sessions.logout(auth, passed.actor, everywhere=False)
    with pytest.raises(NotAuthenticated):
        sessions.renew_tokens(auth, passed, rotates=True)


def successor(renewed: RenewedTokens) -> str:
    """Return the id of the refresh token that was given."""
    from functions.auth.handler import tokens

    return tokens.verify(str(renewed.refresh), TokenType.REFRESH).id
