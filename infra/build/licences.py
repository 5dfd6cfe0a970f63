"""Keeps packages under the GPL out of what is shipped."""

import re
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

from infra.build.refusal import BuildRefused

_COPYLEFT = re.compile(r"\b(?:A|L)?GPL|GNU (?:Affero |Lesser |Library )?General Public", re.IGNORECASE)
# GCC's runtime libraries may be linked by anything: the exception is there for that.
_GCC = re.compile(r"GPL-3\.0[\w.-]*[- ]WITH[- ]GCC-exception[\w.-]*", re.IGNORECASE)


def refuse_copyleft(folder: Path) -> None:
    """Raises BuildRefused, naming them, when packages installed in `folder` say they are under a GPL."""
    found = sorted(name for name, said in _licences(folder) if _COPYLEFT.search(_GCC.sub("", said)))
    if found:
        raise BuildRefused(f"under the GNU GPL, which must not be shipped: {', '.join(found)}")


def _licences(folder: Path) -> Iterator[tuple[str, str]]:
    for metadata in folder.glob("*.dist-info/METADATA"):
        said = Parser().parsestr(metadata.read_text("utf-8"), headersonly=True)
        classifiers = [value for value in said.get_all("Classifier", []) if value.startswith("License")]
        # An old-style License field may hold whole texts: its first line is the name.
        stated = str(said.get("License", "")).strip().splitlines()[:1]
        yield str(said["Name"]), "\n".join([*classifiers, str(said.get("License-Expression", "")), *stated])
