"""What goes into each artefact, and what is left out: unused parts of packages, and anything under the GPL.

A layer's folder is laid out as Lambda unpacks it below /opt, a function's as below /var/task.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from infra.build import wheels
from infra.build.wheels import Target, compile_below, install_wheels
from infra.errors import UserError
from infra.local.paths import ROOT

_COPYLEFT = re.compile(r"\b(?:A|L)?GPL|GNU (?:Affero |Lesser |Library )?General Public", re.IGNORECASE)
# GCC's runtime libraries may be linked by anything: the exception is there for that.
_GCC = re.compile(r"GPL-3\.0[\w.-]*[- ]WITH[- ]GCC-exception[\w.-]*", re.IGNORECASE)


def refuse_copyleft(folder: Path) -> None:
    """Raise UserError, naming them, when packages installed in `folder` say they are under a GPL."""
    offenders = sorted(name for name, licence_text in _licences(folder) if _COPYLEFT.search(_GCC.sub("", licence_text)))
    if offenders:
        raise UserError(f"under the GNU GPL, which must not be shipped: {', '.join(offenders)}")


def _licences(folder: Path) -> Iterator[tuple[str, str]]:
    for metadata in folder.glob("*.dist-info/METADATA"):
        package = Parser().parsestr(metadata.read_text("utf-8"), headersonly=True)
        classifiers = [value for value in package.get_all("Classifier", []) if value.startswith("License")]
        # An old-style License field may hold whole texts: its first line is the name.
        licence = str(package.get("License", "")).strip().splitlines()[:1]
        yield str(package["Name"]), "\n".join([*classifiers, str(package.get("License-Expression", "")), *licence])


# Service models that botocore keeps; the files beside the services' folders (endpoints, retries) all stay.
SERVICES = frozenset({"apigatewaymanagementapi", "dynamodb", "s3", "secretsmanager", "sesv2", "sqs", "sts"})

# Of a package of a hundred codecs: lossless and 12-bit JPEG, JPEG-LS, and what these link to.
CODECS = ("__init__.py", "imagecodecs.py", "_jpeg8.*", "_jpegls.*", "_shared*", "licenses", ".dylibs")
CODEC_LIBRARIES = ("libcharls*", "libjpeg-*")

EVERYWHERE = ("__pycache__", "tests", "test", "*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.a")

BY_PATH = (
    "bin",
    "chalice/cdk",
    "chalice/cli",
    "chalice/deploy",
    "chalice/package.py",
    "chalice/policies*.json",
    "chalice/templates",
    "chalice/vendored",
    "numpy/_pyinstaller",
    "numpy/doc",
    "numpy/f2py",
    # The extension module holds the runtime; the shared library beside it is for other languages.
    "onnxruntime/capi/libonnxruntime.so*",
    "onnxruntime/capi/libonnxruntime*.dylib",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    # A format that is never decoded.
    "PIL/_avif*",
    "PIL/_imagingtk*",
    "pillow.libs/libavif*",
    "pydicom/data/test_files",
)


def trim(folder: Path) -> None:
    """Remove from `folder`, a pip target, everything listed above."""
    _drop(path for pattern in EVERYWHERE for path in folder.rglob(pattern))
    _drop(path for pattern in BY_PATH for path in folder.glob(pattern))
    _keep(folder / "imagecodecs", CODECS)
    _keep(folder / "imagecodecs.libs", CODEC_LIBRARIES)
    models = folder / "botocore" / "data"
    if models.is_dir():
        _drop(entry for entry in models.iterdir() if entry.is_dir() and entry.name not in SERVICES)


def _keep(folder: Path, patterns: tuple[str, ...]) -> None:
    """Leave in `folder`, if it is there, only what matches."""
    if folder.is_dir():
        _drop(entry for entry in folder.iterdir() if not any(entry.match(pattern) for pattern in patterns))


def _drop(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()


def megabytes(folder: Path) -> float:
    """Return what the files below `folder` hold, in MB of 1,000,000 bytes, as Lambda counts them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


SWAGGER = "drf_spectacular_sidecar"
SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "LICENSE")
_NOT_CODE = shutil.ignore_patterns("__pycache__", "*.pyc", "README*", ".*")


@dataclass(frozen=True)
class Layer:
    """`sources`: folders of the tree that become packages (or data) beside the locked ones. `limit`: MB, unzipped."""

    locks: tuple[str, ...]
    sources: tuple[str, ...]
    limit: int


LAYERS = {
    "core": Layer(("core", "chalice"), ("layers/core/scanward", "layers/core/segments"), 40),
    "model": Layer(("model",), ("layers/model/imaging", "layers/model/models"), 190),
}
SLICES = ("auth", "inference", "portal", "realtime", "records", "scans")


def build_layer(name: str, out: Path, target: Target) -> float:
    """Write the layer to `out`; gives back its size in MB. Raises UserError when too large or under the GPL."""
    layer = LAYERS[name]
    packages = install_wheels([wheels.lock(lock) for lock in layer.locks], target, trim)
    refuse_copyleft(packages)
    python = _empty_folder(out) / "python"
    shutil.copytree(packages, python)
    for source in layer.sources:
        folder = ROOT / source
        shutil.copytree(folder, python / folder.name, ignore=_NOT_CODE)
        compile_below(python / folder.name, target)
    size = megabytes(out)
    if size > layer.limit:
        raise UserError(f"layer {name} is {size:.1f} MB unzipped, over its {layer.limit} MB")
    return size


def build_function(name: str, out: Path, target: Target) -> float:
    """Write the slice's artefact to `out`; gives back its size in MB."""
    package = _empty_folder(out) / "functions"
    package.mkdir()
    shutil.copy2(ROOT / "functions" / "__init__.py", package)
    shutil.copytree(ROOT / "functions" / name, package / name, ignore=_NOT_CODE)
    if name == "portal":
        shutil.copy2(ROOT / "infra" / "openapi.json", package / name)
        _copy_swagger(out)
    compile_below(package, target)
    return megabytes(out)


def _copy_swagger(out: Path) -> None:
    """Copy the few files of Swagger UI that /docs shows, where the package would have them; its own code wants
    Django.
    """
    inside = Path(SWAGGER, "static", SWAGGER, "swagger-ui-dist")
    folder = install_wheels([wheels.lock("swagger")], Target.AWS, trim) / inside
    (out / inside).mkdir(parents=True)
    for file in SWAGGER_FILES:
        shutil.copy2(folder / file, out / inside)


def _empty_folder(out: Path) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out
