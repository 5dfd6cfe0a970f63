"""What an image may cost: measured in a process of its own, which reports the most memory it ever held."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import imaging
from imaging.bounds import DETAIL_PIXELS, MAX_INPUT_SIDE, MAX_PIXELS, MAX_SIDE
from imaging.card_schema import Resize

_LAYER = Path(imaging.__file__).parent.parent
_REPOSITORY = Path(__file__).parents[3]

_START = """
import re, sys, types
sys.path.insert(0, sys.argv[1])
tests = types.ModuleType("tests")  # a package of that name may be installed
tests.__path__ = [sys.argv[2] + "/tests"]
sys.modules["tests"] = tests
import contextlib, io, numpy, struct, zlib
from PIL import Image
import pydicom.encaps
from imaging.model_card import Input
from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.renderings import preview
from imaging.preprocess import prepare
from imaging.errors import ImageError

def most():
    # VmHWM: getrusage would also count what the process that starts this one held.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""

_PREPARED = """
from typing import get_args
from imaging.card_schema import Interpolation

idle = most()
pictures = [decode(png(*size, 8, 0, size[0])) for size in (({long}, 32), (32, {long}), (1024, 1000))]
for picture in pictures:
    for side in (224, {side}):
        short = min(2 * side, {side}) if "{resize}" == "short-side-crop" else None
        for how in get_args(Interpolation):
            target = Input("image", 1, side, side, 0, 1, "{resize}", how, short_side=short)
            assert prepare(picture, target).tensor.shape == (1, 1, side, side)
print((most() - idle) // 1024)
"""

_MEASURE = (
    _START
    + """
{make}
idle = most()
try:
    picture = decode(data)
    preview(picture)
    for how in ("bilinear", "gaussian-linear"):
        prepare(picture, Input("image", 3, 512, 512, 0, 1, "short-side-crop", how, short_side=640))
    answer = "read"
except ImageError as refused:
    answer = refused.reason
with contextlib.suppress(ImageError):  # the picture is still held, as it is by the worker
    deidentify(data)
print(answer, (most() - idle) // 1024, idle // 1024)
"""
)

_PNG = """
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

def png(columns, rows, depth, colour, row_bytes):
    pack = zlib.compressobj(1)
    row = bytes(row_bytes + 1)
    body = b"".join(pack.compress(row) for _ in range(rows)) + pack.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, 0))
    return b"\\x89PNG\\r\\n\\x1a\\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
"""


def measured(make: str) -> tuple[str, int, int]:
    """(answer, MB more than before, MB before) of decoding and then copying `data`, which the code `make` defines."""
    answer, more, before = _run(_MEASURE.format(make=make)).split()
    return answer, int(more), int(before)


def made(make: str, file: Path) -> str:
    """Code that reads `data`, made in a process of its own: what it took to make counts as nobody's memory."""
    _run(f"{_START}\n{make}\nopen({str(file)!r}, 'wb').write(data)")
    return f"data = open({str(file)!r}, 'rb').read()"


def _run(script: str) -> str:
    # S603: the interpreter that runs this test, and a script of this file.
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, str(_LAYER), str(_REPOSITORY)], capture_output=True, text=True, check=True
    )
    return run.stdout


def test_the_largest_colour_png_stays_under_a_gigabyte() -> None:
    rows = MAX_PIXELS // MAX_SIDE
    answer, more, before = measured(f"{_PNG}\ndata = png({MAX_SIDE}, {rows}, 8, 6, {4 * MAX_SIDE})")
    assert answer == "read"
    assert more + before < 1000


def test_the_largest_jpeg_stays_under_a_gigabyte() -> None:
    make = f"""
film = numpy.zeros(({MAX_PIXELS // 8000}, 8000, 3), numpy.uint8)
file = io.BytesIO()
Image.fromarray(film).save(file, "JPEG", quality=50)
del film
data = file.getvalue()
"""
    answer, more, _ = measured(make)
    assert answer == "read"
    assert more < 200


_COLOURED = """
{make}
idle = most()
target = Input(
    "image", 3, 512, 512, 0, 1, "stretch", "bilinear-no-antialias", colour=True, window_percentiles=(1, 99)
)
assert prepare(decode(data), target).tensor.shape == (1, 3, 512, 512)
print((most() - idle) // 1024, idle // 1024)
"""
_PROGRESSIVE = f"""
film = numpy.zeros(({MAX_PIXELS // 8000}, 8000, 3), numpy.uint8)
file = io.BytesIO()
Image.fromarray(film).save(file, "JPEG", quality=50, progressive=True, subsampling=0)
data = file.getvalue()
"""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            f"{_PNG}\ndata = png({MAX_SIDE}, {MAX_PIXELS // MAX_SIDE}, 8, 6, {4 * MAX_SIDE})", id="largest-rgba"
        ),
        pytest.param(f"{_PNG}\ndata = png(6000, {DETAIL_PIXELS // 6000}, 8, 2, 18000)", id="most-detail"),
        pytest.param(_PROGRESSIVE, id="largest-progressive-jpeg"),
    ],
)
def test_the_largest_colours_for_a_colour_model_stay_under_a_gigabyte(make: str, tmp_path: Path) -> None:
    more, before = map(int, _run(_START + _COLOURED.format(make=made(make, tmp_path / "largest"))).split())
    assert more + before < 1000


def test_a_png_bomb_costs_nothing() -> None:
    answer, more, _ = measured(f"{_PNG}\ndata = png(15000, 15000, 8, 2, 45000)")
    assert (answer, more < 20) == ("TOO_LARGE", True)


_BOMB = """
def jpeg(side, **options):
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, "JPEG", quality=30, **options)
    return file.getvalue()

def in_dicom(side, image, syntax):
    from tests.support.images import dicom, ramp
    return dicom(ramp(64, 64), syntax, image, Rows=side, Columns=side)
"""


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        pytest.param("jpeg(10_000)", "TOO_LARGE", id="jpeg of 100 megapixels"),
        pytest.param("jpeg(10_000, progressive=True)", "TOO_LARGE", id="progressive jpeg of 100 megapixels"),
        pytest.param("in_dicom(10_000, jpeg(10_000), '1.2.840.10008.1.2.4.50')", "TOO_LARGE", id="the same in dicom"),
        pytest.param("in_dicom(64, jpeg(10_000), '1.2.840.10008.1.2.4.50')", "TOO_LARGE", id="behind a small header"),
        pytest.param("in_dicom(65_535, bytes(64), '1.2.840.10008.1.2.1')", "TOO_LARGE", id="dicom of 65,535 a side"),
    ],
)
def test_a_jpeg_or_dicom_bomb_costs_nothing(make: str, answer: str, tmp_path: Path) -> None:
    told, more, _ = measured(made(f"{_BOMB}\ndata = {make}", tmp_path / "bomb"))
    assert (told, more < 20) == (answer, True), more


_RLE = """
from tests.support.images import RLE
from tests.support.images import dicom
from tests.support.images import ramp

def rle(bytes_each, **elements):
    segment = b"\\x81\\7" * (64_000_000 // 128)
    starts = [64 + i * len(segment) for i in range(bytes_each)]
    frame = struct.pack("<16I", bytes_each, *starts, *[0] * (15 - bytes_each)) + segment * bytes_each
    return dicom(ramp(64, 64, 4095), RLE, frame, Rows=8000, Columns=8000, **elements)
"""

_CODEC = """
from tests.support.encoders import ENCODERS
from tests.support.images import dicom
from tests.support.images import ramp

def largest(syntax, kind, colour=False):
    film = numpy.zeros((8000, 8000, 3)[: 2 + colour], kind)
    film.T[:] = numpy.arange(8000) % 251
    [syntax] = [known for known in ENCODERS if known.endswith(syntax)]
    small = numpy.zeros((64, 64, 3)[: 2 + colour], kind)
    return dicom(small, syntax, ENCODERS[syntax](film), Rows=8000, Columns=8000)
"""


_MOST_DETAIL = f"""
from tests.support.images import dicom
film = numpy.zeros((4000, {DETAIL_PIXELS // 4000}), numpy.int16)
film[:, 9:] = 1000
data = dicom(film, WindowCenter="500", WindowWidth="500", VOILUTFunction="SIGMOID", PixelPaddingValue=0)
"""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(f"{_RLE}\ndata = rle(2, PixelRepresentation=1)", id="rle-16"),
        pytest.param(
            f"{_RLE}\ndata = rle(6, SamplesPerPixel=3, PhotometricInterpretation='RGB', PlanarConfiguration=0)",
            id="rle-colour-16",
        ),
        pytest.param(f"{_CODEC}\ndata = largest('.4.70', numpy.uint16)", id="lossless-jpeg-16"),
        pytest.param(f"{_CODEC}\ndata = largest('.4.70', numpy.uint16, colour=True)", id="lossless-jpeg-colour-16"),
        pytest.param(f"{_CODEC}\ndata = largest('.4.80', numpy.uint16)", id="jpeg-ls-16"),
        pytest.param(f"{_CODEC}\ndata = largest('.4.91', numpy.uint8, colour=True)", id="jpeg-2000-colour"),
        pytest.param(_MOST_DETAIL, id="most-detail"),
    ],
)
def test_the_largest_dicom_of_each_codec_stays_under_a_gigabyte(make: str, tmp_path: Path) -> None:
    answer, more, before = measured(made(make, tmp_path / "largest.dcm"))
    assert answer == "read"
    assert more + before < 1000


@pytest.mark.parametrize("resize", get_args(Resize))
def test_the_longest_strip_is_prepared_for_the_largest_network_in_little_memory(resize: str) -> None:
    more = _run(_START + _PNG + _PREPARED.format(long=MAX_SIDE, side=MAX_INPUT_SIDE, resize=resize))
    assert int(more) < 500


def test_an_rle_bomb_costs_no_more_than_its_frame() -> None:
    make = """
from tests.support.images import RLE
from tests.support.images import dicom
from tests.support.images import ramp
frame = struct.pack("<16I", 1, 64, *[0] * 14) + b"\\x81\\0" * 10_000_000
data = dicom(ramp(1000, 1000), RLE, frame=frame)
del frame
"""
    answer, more, _ = measured(make)
    assert answer == "read"
    assert more < 100


_HEADERS = "from tests.support.hostile_headers import elements, with_values"


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        pytest.param("with_values('WindowCenter', 4_000_000)", "TOO_LARGE", id="numbers"),
        pytest.param("with_values('WindowCenter', 190_000)", "read", id="as many numbers as may be"),
        pytest.param("with_values('StudyInstanceUID', 4_000_000)", "read", id="uids"),
        pytest.param("with_values('StudyInstanceUID', 190_000)", "read", id="as many uids as may be"),
        pytest.param("elements(b'AT', 900_000)", "read", id="elements"),
        pytest.param("elements(b'UI', 140_000)", "read", id="as many elements as may be"),
    ],
)
def test_millions_in_a_header_cost_little(make: str, answer: str, tmp_path: Path) -> None:
    told, more, _ = measured(made(f"{_HEADERS}\ndata = {make}", tmp_path / "header.dcm"))
    assert told == answer
    assert more < 600
