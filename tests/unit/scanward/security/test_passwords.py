"""Passwords, hashed at the cost that the product takes."""

import pytest

from scanward.security import passwords
from scanward.security.passwords import hash_password, matches


@pytest.fixture(autouse=True)
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", passwords.make_hasher())


def test_a_password_matches_its_own_hash_only() -> None:
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches("correct horse", hashed)
    assert not matches("correct horsé", hashed)
    assert not matches("", hashed)


def test_no_hash_and_a_garbage_hash_match_no_password() -> None:
    assert not matches("correct horse", None)
    assert not matches("correct horse", "garbage")
    assert hash_password("correct horse") != hash_password("correct horse")
