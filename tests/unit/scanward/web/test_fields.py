"""Texts of one line, and names that nobody can imitate by characters that are not seen."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.auth.schemas.fields import Email, Identifier, Phone, Username
from functions.records.schemas.departments import DepartmentBody
from functions.records.schemas.fields import Prose
from scanward.web.fields import Line, NameText

UNSEEN = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u200b\u200d\u2028\u202e\u2060\u2065\u2800",
    *"\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\U0001bca0\U0001d173\U000e0001\U000e0100\U000e0fff",
]
BREAKS = "\t\n\r\v\f\x1c\x85\u2028\u2029"
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def holds(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_unique_name_has_no_character_that_is_not_seen(unseen: str) -> None:
    for kind in (Username, Identifier):
        assert not holds(kind, f"ada{unseen}"), kind
        assert not holds(kind, unseen), kind
    assert not holds(Email, f"ada{unseen}@example.org")
    with pytest.raises(ValidationError):
        DepartmentBody(name=f"Cardiology{unseen}")


@pytest.mark.parametrize("turn", [*BREAKS, *TURNS], ids=ascii)
def test_a_line_neither_breaks_nor_turns(turn: str) -> None:
    for kind, text in ((Line, "ada"), (NameText, "Ada"), (Phone, "+49 1"), (Identifier, "A1"), (Username, "ada")):
        assert holds(kind, text)
        assert not holds(kind, f"{text}{turn}B"), kind


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_text_that_shows_nothing_is_blank(unseen: str) -> None:
    assert not holds(NameText, f" {unseen} ")


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "Zoë", "علی\u200cرضا", "葛\U000e0100城", "O\u2019Brien", "Nguyễn", "王", "Åse"],
)
def test_peoples_names_are_spelled_as_their_script_spells_them(name: str) -> None:
    assert holds(NameText, name)


def test_prose_has_lines() -> None:
    assert holds(Prose, "Two lines:\n\tthe second one.\r\n")


@pytest.mark.parametrize(
    "name", ["ad\u0430", "\u0430da", "ad\u03b1", "\u0430\u03b1", "\uff41\u0430", "\U0001d41a\u03b1"]
)
def test_a_user_name_mixes_no_scripts_that_look_alike(name: str) -> None:
    assert not holds(Username, name)


@pytest.mark.parametrize("name", ["ada", "ада", "αδα", "ada_1", "Zoë", "王ada", "ｱｲａ", "علي", "ada-٣", "ⅷada"])
def test_a_user_name_is_of_any_script(name: str) -> None:
    assert holds(Username, name)
