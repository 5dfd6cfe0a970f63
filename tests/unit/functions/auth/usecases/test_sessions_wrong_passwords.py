"""Wrong guesses: counted against whom they mean, whichever way the name is spelled, and telling nobody who is there."""

from itertools import product

import pytest

from tests.support.client import ApiClient
from tests.support.people import sign_in
from tests.support.read_units import counted

WRONG = "wrong horse"
SPELLINGS = ["ada@example.org", "ADA@example.org", " Ada@Example.org", "\uff41da@example.org"]
DOCTOR = {"email": "ada@example.org", "username": "ada", "password": "correct horse", "role": "DOCTOR"}


def guess(api: ApiClient, name: str) -> int:
    return api.form("/auth/login", {"email": name, "password": WRONG}).status


@pytest.mark.parametrize("known", [True, False])
def test_every_spelling_of_a_name_is_one_count(api: ApiClient, known: bool) -> None:
    if known:
        sign_in(api, SPELLINGS[0])
    guesses = [guess(api, SPELLINGS[number % len(SPELLINGS)]) for number in range(24)]
    assert set(guesses) == {401, 429}
    assert guesses.count(401) <= 20, "ten a minute, and the minute turns once at most"


@pytest.mark.parametrize(
    ("path", "field"),
    [*product(["/auth/login", "/api/login"], ["email", "username"]), ("/api/doctor/login", "email")],
)
def test_a_wrong_password_and_an_unknown_name_are_the_same_work(api: ApiClient, path: str, field: str) -> None:
    assert api.post("/auth/register", DOCTOR).status == 200
    work = []
    for name in (DOCTOR[field], "nobody" + DOCTOR[field]):
        with counted() as units:
            assert api.post(path, {field: name, "password": WRONG}).status == 401
        work.append(units.calls)
    assert work[0] == work[1]
    assert len(work[0]) == 4, "two counts, the name, and the account"
