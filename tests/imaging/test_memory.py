"""What an image may cost: measured in a process of its own, which reports the most memory it ever held."""

import subprocess
import sys
from pathlib import Path

import imaging
from imaging.bounds import MAX_PIXELS, MAX_SIDE

_LAYER = Path(imaging.__file__).parent.parent
_REPOSITORY = Path(__file__).parent.parent.parent

_MEASURE = """
import resource, sys
sys.path[:0] = sys.argv[1:3]
import io, numpy, struct, zlib
from PIL import Image
import pydicom.encaps
from imaging.decode import decode
from imaging.derived import preview
from imaging.refusal import ImageRefused
{make}
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    preview(decode(data))
    answer = "read"
except ImageRefused as refused:
    answer = refused.reason
print(answer, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) // 1024, idle // 1024)
"""

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
    """(answer, MB more than before decoding, MB before) of decoding `data`, which the code `make` defines."""
    script = _MEASURE.format(make=make)
    # S603: the interpreter that runs this test, and a script of this file.
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, str(_LAYER), str(_REPOSITORY)], capture_output=True, text=True, check=True
    )
    answer, more, before = run.stdout.split()
    return answer, int(more), int(before)


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


def test_a_png_bomb_costs_nothing() -> None:
    answer, more, _ = measured(f"{_PNG}\ndata = png(15000, 15000, 8, 2, 45000)")
    assert (answer, more < 20) == ("TOO_LARGE", True)


def test_an_rle_bomb_costs_no_more_than_its_frame() -> None:
    make = """
from tests.imaging.images import RLE, dicom, ramp
frame = struct.pack("<16I", 1, 64, *[0] * 14) + b"\\x81\\0" * 10_000_000
data = dicom(ramp(1000, 1000), RLE, frame=frame)
del frame
"""
    answer, more, _ = measured(make)
    assert answer == "read"
    assert more < 100


def test_millions_of_elements_in_a_header_cost_little() -> None:
    make = """
from tests.imaging.images import EXPLICIT, dicom, ramp
data = dicom(ramp())
place = data.index(b"\\x28\\0\\x02\\0US")
tiny = b"".join(struct.pack("<HH2sH", 9, 16 + i % 60000, b"LO", 0) for i in range(900_000))
item = b"\\xfe\\xff\\0\\xe0\\xff\\xff\\xff\\xff"
start = b"\\x09\\0\\x01\\x10SQ\\0\\0\\xff\\xff\\xff\\xff" + item
data = data[:place] + start + tiny + b"\\xfe\\xff\\x0d\\xe0\\0\\0\\0\\0\\xfe\\xff\\xdd\\xe0\\0\\0\\0\\0" + data[place:]
del tiny
"""
    _, more, _ = measured(make)
    assert more < 600
