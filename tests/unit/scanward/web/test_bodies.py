"""Multipart forms as phones and old browsers write them: the file is read, whatever its name."""

import pytest
from pydantic import BaseModel

from scanward.errors import InvalidFields, MalformedBody, TooLarge
from scanward.web.bodies import MAX_PART_HEADER_BYTES, File, Raw, read_form

IMAGE = b"\xff\xd8\xff image \r\n-- bytes"


class Note(BaseModel):
    text: str = ""


def form(*parts: tuple[bytes, bytes]) -> Raw:
    """Return a form of parts: the head of each, and what it holds."""
    body = b"".join(b"--x\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in parts)
    return Raw(body + b"--x--\r\n", "multipart/form-data; boundary=x")


def head(rest: bytes) -> bytes:
    return b"Content-Disposition: form-data" + rest


FILE_HEADS = {
    "latin-1": head('; name="file"; filename="Röntgen.jpg"'.encode("latin-1")),
    "shift-jis": head('; name="file"; filename="胸部.jpg"'.encode("shift-jis")),
    "shift-jis that ends in a backslash": head('; name="file"; filename="表"'.encode("shift-jis")),
    "gbk": head('; name="file"; filename="胸片誠.jpg"'.encode("gbk")),
    "euc-kr": head('; name="file"; filename="흉부.jpg"'.encode("euc-kr")),
    "utf-8": head('; name="file"; filename="胸部.jpg"'.encode()),
    "filename* alone": head(b"; name=\"file\"; filename*=UTF-8''%e8%83%b8.jpg"),
    "filename* in upper case": head(b"; name=\"file\"; FILENAME*=iso-8859-1''R%F6ntgen.jpg"),
    "both": head(b'; name="file"; filename="x.jpg"; filename*=UTF-8\'\'%e8%83%b8.jpg'),
    "5,000 characters": head(b'; name="file"; filename="' + b"a" * 5000 + b'.jpg"'),
    "5,000 characters of utf-8": head(b'; name="file"; filename="' + "胸".encode() * 5000 + b'"'),
    "empty": head(b'; name="file"; filename=""'),
    "no file name": head(b'; name="file"') + b"\r\nContent-Type: image/jpeg",
    "no file name and no type": head(b'; name="file"'),
    "no field name": head(b'; filename="x.jpg"') + b"\r\nContent-Type: image/jpeg",
    "an empty field name": head(b'; name=""; filename="x.jpg"'),
    "no quotes": head(b"; name=file; filename=x.jpg"),
    "the other way round": head(b'; filename="x.jpg"; name="file"'),
    "a path of windows": head(b'; name="file"; filename="C:\\pictures\\x.jpg"'),
    "quotes inside": head(b'; name="file"; filename="a\\"b.jpg"'),
}


@pytest.mark.parametrize("name", FILE_HEADS)
def test_file_is_read_whatever_its_name(name: str) -> None:
    raw = form((FILE_HEADS[name], IMAGE), (head(b'; name="text"'), "Röntgen".encode()))
    note, files = read_form(raw, Note, ("file",))
    assert (note, files) == (Note(text="Röntgen"), {"file": File(IMAGE)})


def test_name_of_another_field_is_no_file() -> None:
    note, files = read_form(form((head(b'; name="text"'), b"filename=x")), Note, ("file",))
    assert (note, files) == (Note(text="filename=x"), {})


@pytest.mark.parametrize("names", [(), ("front", "side")])
def test_file_without_a_field_name_is_not_guessed_where_no_or_several_are_taken(names: tuple[str, ...]) -> None:
    _, files = read_form(form((head(b'; filename="x.jpg"'), IMAGE)), Note, names)
    assert files == {"": File(IMAGE)}


def test_second_file_is_refused_whatever_names_it() -> None:
    with pytest.raises(InvalidFields) as refused:
        read_form(form((FILE_HEADS["no field name"], IMAGE), (FILE_HEADS["latin-1"], IMAGE)), Note, ("file",))
    assert set(refused.value.fields) == {"file"}


@pytest.mark.parametrize(
    ("part", "error"),
    [
        (head(b'; name="file"; filename="' + b"a" * MAX_PART_HEADER_BYTES + b'"'), TooLarge),
        (head('; name="表示"'.encode("shift-jis")), MalformedBody),
        (b"no colon", MalformedBody),
    ],
    ids=["a name beyond the bound", "a field's name in another encoding", "no head"],
)
def test_form_beyond_reading_is_refused(part: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_form(form((part, IMAGE)), Note, ("file",))
