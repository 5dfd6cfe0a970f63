"""What characters texts may have. Each check gives its text back, or says what is wrong with it."""

import re
import unicodedata

from pydantic_core import PydanticCustomError

from scanward.domain.accounts import MAX_FOLDED_BYTES, fold

BLANK = "This field may not be blank."
# What Unicode lists as Default_Ignorable_Code_Point and has in another category than Cf; and the blank of Braille.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("[\t\n\r\u2028\u2029]")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # Unicode's Bidi_Control


def printable(text: str) -> str:
    """Of several lines, without control characters."""
    if any((ord(char) < 32 and char not in "\t\n\r") or 0x7F <= ord(char) < 0xA0 for char in text):
        raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return text


def one_line(text: str) -> str:
    """Printable, of one line that reads in its own direction: it cannot pass for two lines, or for another text."""
    if _BREAKS.search(printable(text)):
        raise PydanticCustomError("line_break", "Tabs and line breaks are not allowed.")
    if _TURNS.search(text):
        raise PydanticCustomError("direction", "Characters that change the direction of text are not allowed.")
    return text


def not_blank(text: str) -> str:
    """With something to see in it."""
    if all(char.isspace() or _is_unseen(char) for char in text):
        raise PydanticCustomError("blank", BLANK)
    return text


def seen(text: str) -> str:
    """Without invisible characters: somebody else's name with one in it would look the same and be another.

    For names that must be unique. What people are called may need them: Persian, and Japanese variants.
    """
    if any(_is_unseen(char) for char in text):
        raise PydanticCustomError("invisible_character", "Invisible characters are not allowed.")
    return text


def short_key(text: str) -> str:
    """Short enough to be a key when it is folded."""
    if len(fold(text).encode()) > MAX_FOLDED_BYTES:
        raise PydanticCustomError("long_name", "This field is too long.")
    return text


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or _IGNORABLE.match(char) is not None
