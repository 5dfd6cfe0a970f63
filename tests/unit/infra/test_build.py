"""The build: what it drops, what it refuses, what it puts where."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.build import artefacts, wheels
from infra.build.artefacts import megabytes, refuse_copyleft, trim
from infra.build.wheels import Target, install_wheels
from infra.errors import UserError
from infra.local.locks import WITHOUT_HASHES
from infra.local.paths import ROOT

LAYER_LOCKS = ("core", "chalice", "model")


def put(folder: Path, name: str, content: str = "x") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def test_trimming_keeps_the_code_and_the_services_in_use(tmp_path: Path) -> None:
    kept = [
        put(tmp_path, name)
        for name in (
            "botocore/data/s3/2006-03-01/service-2.json.gz",
            "botocore/data/endpoints.json.gz",
            "numpy/linalg/core.py",
            "onnxruntime/capi/onnxruntime_pybind11_state.so",
        )
    ]
    dropped = [
        put(tmp_path, name)
        for name in (
            "botocore/data/ec2/2016-11-15/service-2.json.gz",
            "numpy/linalg/tests/test_core.py",
            "numpy/linalg/core.pyi",
            "numpy/__pycache__/core.pyc",
            "onnxruntime/capi/libonnxruntime.so.1.31.1",
            "bin/jp.py",
        )
    ]
    trim(tmp_path)
    assert [file for file in kept if not file.exists()] == []
    assert [file for file in dropped if file.exists()] == []


def test_trimming_keeps_of_a_hundred_codecs_those_in_use(tmp_path: Path) -> None:
    names = "imagecodecs/_jpeg8.abi3.so", "imagecodecs/_jpegls.abi3.so", "imagecodecs/imagecodecs.py"
    libraries = "imagecodecs.libs/libcharls-1.so.2", "imagecodecs.libs/libjpeg-1.so.8"
    kept = [put(tmp_path, name) for name in (*names, *libraries, "imagecodecs/licenses/LICENSE-charls")]
    unused = "imagecodecs/_heif.abi3.so", "imagecodecs.libs/libjpegxr-1.so", "imagecodecs.libs/libheif-1.so"
    dropped = [put(tmp_path, name) for name in unused]
    trim(tmp_path)
    assert [file for file in kept if not file.exists()] == []
    assert [file for file in dropped if file.exists()] == []


@pytest.mark.parametrize(
    "said",
    [
        "License-Expression: GPL-3.0-or-later",
        "License: AGPLv3\n",
        "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
        "License-Expression: MIT AND LGPL-2.1-only",
    ],
)
def test_a_package_under_the_gpl_is_refused_by_name(tmp_path: Path, said: str) -> None:
    put(tmp_path, "fine-1.dist-info/METADATA", "Name: fine\nLicense-Expression: MIT\n\nnot GPL")
    put(tmp_path, "tainted-1.dist-info/METADATA", f"Name: tainted\n{said}\n\n")
    with pytest.raises(UserError, match="tainted") as refusal:
        refuse_copyleft(tmp_path)
    assert "fine" not in str(refusal.value)


def test_gccs_runtime_exception_is_no_gpl(tmp_path: Path) -> None:
    said = "License-Expression: BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1"
    put(tmp_path, "n-1.dist-info/METADATA", f"Name: n\n{said}\n")
    refuse_copyleft(tmp_path)


def test_of_two_builds_at_once_one_installs_and_the_other_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wheels, "CACHE", tmp_path / "cache")
    with ThreadPoolExecutor() as both:
        [kept, same] = both.map(lambda _: install_wheels([wheels.lock("swagger")], Target.AWS, trim), range(2))
    assert (kept, (kept / artefacts.SWAGGER / "static").is_dir()) == (same, True)
    assert capsys.readouterr().out.count("installing") == 1


def test_a_layer_over_its_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    put(packages, "big.bin", "x" * 2_000_000)
    monkeypatch.setattr(artefacts, "install_wheels", lambda *_: packages)
    monkeypatch.setitem(artefacts.LAYERS, "core", artefacts.Layer(("core",), (), 1))
    with pytest.raises(UserError, match=r"2\.0 MB unzipped, over its 1 MB"):
        artefacts.build_layer("core", tmp_path / "out", Target.LOCAL)


def test_a_function_holds_its_slice_and_nothing_else(tmp_path: Path) -> None:
    assert artefacts.build_function("auth", tmp_path / "auth", Target.LOCAL) < 1
    below = {path.name for path in (tmp_path / "auth" / "functions").iterdir()}
    assert below == {"__init__.py", "__pycache__", "auth"}


def test_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    put(tmp_path, "a/b", "x" * 1_500_000)
    assert megabytes(tmp_path) == pytest.approx(1.5)


@pytest.mark.parametrize("name", LAYER_LOCKS)
def test_what_layers_are_made_from_does_not_depend_on_the_python_that_builds(name: str) -> None:
    markers = re.findall(r"^\S+==\S+ ; (.+?) \\$", wheels.lock(name).read_text(), re.MULTILINE)
    assert [marker for marker in markers if "python_" in marker.replace("platform_python_", "")] == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_locks_are_pinned_hashed_and_name_no_registry_and_no_machine(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"/(?:root|home|tmp|work)/", text)
    assert len(re.findall(r"^\S+==", text, re.MULTILINE)) == len(re.findall(r"^[a-zA-Z]", text, re.MULTILINE))
    # torch has builds of its own for machines with and without accelerators
    assert ("--hash=sha256:" in text) == (lock.stem not in WITHOUT_HASHES)


def test_artefacts_carry_bytecode_that_names_no_path_of_this_machine(tmp_path: Path) -> None:
    artefacts.build_function("auth", tmp_path / "auth", Target.LOCAL)
    compiled = list((tmp_path / "auth").rglob("*.pyc"))
    sources = list((tmp_path / "auth").rglob("*.py"))
    assert len(compiled) == len(sources)
    assert all(str(tmp_path).encode() not in file.read_bytes() for file in compiled)
