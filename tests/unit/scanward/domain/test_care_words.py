"""A reason is given in words, whichever script they are in."""

import pytest

from scanward.domain.care import is_in_words

REASONS = (
    "Unconscious at the door",
    "No pulse!!",
    "GCS 3, nobody with them",
    "Bewusstlos, Überdosis?",
    "Пациент без сознания",
    "Ασθενής αναίσθητος",
    "המטופל מחוסר הכרה",
    "المريض فاقد الوعي",
    "बेहोश रोगी, दुर्घटना",
    "ผู้ป่วยหมดสติ",
    "ຄົນເຈັບໝົດສະຕິ",
    "អ្នកជំងឺសន្លប់",
    "လူနာသတိလစ်နေ",
    "患者昏迷不醒",
    "意識がありません",
    "ショックじょうたい",
    "의식 없음, 응급",
    "ታካሚው ራሱን ስቷል",
    "Ｕｎｃｏｎｓｃｉｏｕｓ ａｔ ｄｏｏｒ",
    "Unconscious,\nat the door",
)
NO_REASONS = (
    "",
    "..........",
    "aaaaaaaaaa",
    "1234567890",
    "12 34 56 78 90",
    "aaaaa bbbbb ccccc",
    "a b c d e f g h i j",
    "emergency emergency",
    "Emergency EMERGENCY emergency",
    "emergency.........",
    "emergencyemergency",
    "ab cd 12345678",
    "no go",
    "\N{FIRE}" * 12,
    "啊啊啊啊啊啊啊啊啊啊",
    "昏迷",
    "กกกกกกกกกกกกก",
    "หมดสติ",
    "_-_-_-_-_-_-_-_-",
    "٠١٢٣٤٥٦٧٨٩",
    "اااااااااا بببببب",
    "ーーーーーーーーーー",
    "e\N{COMBINING ACUTE ACCENT}" * 6,
)


@pytest.mark.parametrize("text", REASONS)
def test_words_of_any_script_are_a_reason(text: str) -> None:
    assert is_in_words(text)


@pytest.mark.parametrize("text", NO_REASONS)
def test_what_holds_no_two_words_is_no_reason(text: str) -> None:
    assert not is_in_words(text)
