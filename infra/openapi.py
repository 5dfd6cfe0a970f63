"""Writes infra/openapi.json from the routes of all slices; `--check` only tells whether it is stale.

python -m infra.openapi [--check]
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from functions.auth.routes import routes as auth
from functions.inference.routes import routes as models
from functions.portal.routes import routes as portal
from functions.records.routes import routes as records
from functions.scans.routes import routes as scans
from scanward.web.openapi import document
from scanward.web.routes import Routes

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "infra" / "openapi.json"


def render() -> str:
    """Return the document as it should be."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    slices: dict[str, Routes[Any]] = {
        "PortalFunction": portal,
        "AuthFunction": auth,
        "ScansFunction": scans,
        "RecordsFunction": records,
        "PredictFunction": models,
    }
    return json.dumps(document(slices, version), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check; 1 when the file is stale."""
    parser = argparse.ArgumentParser(description="Write infra/openapi.json from the routes.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is stale")
    text = render()
    if not parser.parse_args().check:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print("infra/openapi.json is stale: run `make openapi` and commit it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
