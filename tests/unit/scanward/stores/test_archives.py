"""Archives that several processes write, one after the other, are ZIP files of any size."""

import json
from pathlib import Path
from zipfile import ZipFile

import boto3
import pytest

from scanward.stores.archives import PART_BYTES, Archives, part_bytes
from tests.support.cloud import BUCKET

GB = 1024**3
pytestmark = pytest.mark.usefixtures("aws")


def stored(key: str) -> bytes:
    content: bytes = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def test_a_resumed_archive_with_more_files_than_16_bits_count_can_be_read(tmp_path: Path) -> None:
    archives, many = Archives(BUCKET), 66_000
    with archives.writing("many.zip", None) as archive:
        for number in range(many - 1):
            archive.add(f"{number}", [b"x"])
        archive.save("checkpoint")
    with archives.writing("many.zip", "checkpoint") as archive:
        archive.add("last", [b"the last"])
        archive.finish()
    (tmp_path / "many.zip").write_bytes(stored("many.zip"))
    with ZipFile(tmp_path / "many.zip") as packed:
        assert len(packed.namelist()) == many
        assert (packed.read("0"), packed.read("last")) == (b"x", b"the last")


def test_a_resumed_archive_beyond_32_bits_can_be_read(tmp_path: Path) -> None:
    archives = Archives(BUCKET)
    with archives.writing("large.zip", None) as archive:
        archive.add("first", [b"the first"])
        archive.save("checkpoint")
    line, _, rest = stored("checkpoint").partition(b"\n")
    begin = 5 * GB  # as if so much had been packed in between
    moved = json.dumps(json.loads(line) | {"size": begin}).encode() + b"\n" + rest
    boto3.client("s3").put_object(Bucket=BUCKET, Key="checkpoint", Body=moved)
    with archives.writing("large.zip", "checkpoint") as archive:
        archive.add("last", [b"the last"])
        archive.finish()
    content = stored("large.zip")
    with (tmp_path / "large.zip").open("wb") as sparse:
        sparse.write(content[: len(rest)])
        sparse.seek(begin)
        sparse.write(content[len(rest) :])
    with ZipFile(tmp_path / "large.zip") as packed:
        assert packed.getinfo("last").header_offset == begin
        assert (packed.testzip(), packed.read("first"), packed.read("last")) == (None, b"the first", b"the last")


def test_parts_grow_so_that_as_many_as_storage_takes_hold_400_gigabytes() -> None:
    sizes = [part_bytes(index) for index in range(10_000)]
    assert sizes[0] == PART_BYTES
    assert max(sizes) <= 10 * PART_BYTES
    assert sum(sizes) > 400 * GB


def test_all_uploads_under_a_prefix_are_aborted_and_no_others() -> None:
    client = boto3.client("s3")
    for key in ("a/1", "a/2", "b/1"):
        client.create_multipart_upload(Bucket=BUCKET, Key=key)
    Archives(BUCKET).abandon_all("a/")
    assert [item["Key"] for item in client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == ["b/1"]
