"""Registering when ids collide."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.auth.usecases.registration import Registration, register
from scanward.domain.accounts import Names, Profile, Role
from scanward.errors import Conflict


def wanted(email: str) -> Registration:
    return Registration(Role.PATIENT, Names(email=email), Profile(), "correct horse")


def test_an_id_that_is_in_use_is_drawn_again_and_nobody_is_told_of_a_taken_email(aws: None) -> None:
    from functions.auth import handler

    drawn: Iterator[int] = iter((7, 7, 8))
    auth = replace(handler.deps, fresh_id=lambda _: next(drawn))
    assert register(auth, "192.0.2.1", wanted("one@example.org")).id == 7
    assert register(auth, "192.0.2.1", wanted("other@example.org")).id == 8


def test_ids_that_never_stop_colliding_end_in_a_conflict(aws: None) -> None:
    from functions.auth import handler

    same: Any = replace(handler.deps, fresh_id=lambda _: 7)
    register(same, "192.0.2.1", wanted("one@example.org"))
    with pytest.raises(Conflict):
        register(same, "192.0.2.1", wanted("other@example.org"))
