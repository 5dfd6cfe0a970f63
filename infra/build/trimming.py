"""Drops from installed packages what no function uses. What is dropped is listed here, by package."""

import shutil
from collections.abc import Iterable
from pathlib import Path

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
    """Removes from `folder`, a pip target, everything listed above."""
    _drop(path for pattern in EVERYWHERE for path in folder.rglob(pattern))
    _drop(path for pattern in BY_PATH for path in folder.glob(pattern))
    _keep(folder / "imagecodecs", CODECS)
    _keep(folder / "imagecodecs.libs", CODEC_LIBRARIES)
    models = folder / "botocore" / "data"
    if models.is_dir():
        _drop(entry for entry in models.iterdir() if entry.is_dir() and entry.name not in SERVICES)


def _keep(folder: Path, patterns: tuple[str, ...]) -> None:
    """Leaves in `folder`, if it is there, only what matches."""
    if folder.is_dir():
        _drop(entry for entry in folder.iterdir() if not any(entry.match(pattern) for pattern in patterns))


def _drop(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()


def megabytes(folder: Path) -> float:
    """What the files below `folder` hold, in MB of 1,000,000 bytes, as Lambda counts them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
