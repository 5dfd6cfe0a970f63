"""The list of sentences that refuse an image: what the reader says, and nothing of the image in it."""

import ast
import re

import pytest

import imaging.bounds
from infra.refusals import TARGET, render, sentence_of, sentences

OURS = {"columns", "frames", "kind", "name", "rows", "size", "_TEXTS[code]"}
"""What sentences put in: numbers, and names of a format, an attribute or a kind of picture."""


def argument(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def test_page_is_what_the_reader_says() -> None:
    assert TARGET.read_text() == render(), "run python -m infra.refusals"


def test_nothing_of_a_file_but_numbers_is_put_into_a_sentence() -> None:
    values = {value for _, sentence in sentences() for value in re.findall(r"{(.*?)}", sentence)}
    assert values <= OURS


def test_constant_is_shown_as_its_value() -> None:
    assert sentence_of(argument('f"at least {MIN_SIDE} a side, not {rows}"'), imaging.bounds) == (
        "at least 32 a side, not {rows}"
    )


@pytest.mark.parametrize("source", ["message", "str(error)", '"The header says " + text', '"%s" % name'])
def test_sentence_that_is_not_written_out_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="can be listed"):
        sentence_of(argument(source), imaging.bounds)
