"""`make sbom`: every package of a deployment is in the document with its version, and its licence in the text."""

import json
import os
import re
import subprocess

import pytest

from infra.local.environments import LOCKS
from tests.support.cloud import ROOT

FOLDER = ROOT / ".local" / "sbom"
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ \\;]+)([^\\]*)", re.M)


def locked() -> dict[str, str]:
    """Return package → version, of those that the locks name for every machine."""
    packages = {}
    for name in LOCKS["shipped"]:
        for package, version, marker in PINNED.findall((ROOT / "requirements" / f"{name}.txt").read_text()):
            if not marker.strip():
                packages[spelling(package)] = version
    return packages


def spelling(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.fixture(scope="module")
def made() -> None:
    """Provide both files, made anew."""
    for file in FOLDER.glob("*"):
        file.unlink()
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "PYTHONPATH"))}
    command = ["make", "--silent", "sbom"]
    done = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_the_document_lists_every_locked_package_in_its_version(made: None) -> None:
    document = json.loads((FOLDER / "scanward.cdx.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    listed = {spelling(part["name"]): part["version"] for part in document["components"]}
    assert locked().items() <= listed.items()
    assert len(locked()) > 20
    assert str(ROOT) not in json.dumps(document), "what it says holds on every machine"


def test_the_licences_of_every_package_are_written_out(made: None) -> None:
    text = (FOLDER / "LICENSES.txt").read_text()
    blocks = {spelling(block.strip().split("\n")[0]): block for block in re.split(r"\n\n\n", text)}
    assert locked().keys() <= {spelling(line) for line in text.splitlines()}
    assert len(blocks["pyjwt"]) > 500
    assert str(ROOT) not in text
