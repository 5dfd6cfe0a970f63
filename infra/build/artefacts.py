"""What goes into each artefact: a layer's folder as Lambda unpacks it below /opt, a function's as below /var/task."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.build import places
from infra.build.bytecode import compile_below
from infra.build.licences import refuse_copyleft
from infra.build.refusal import BuildRefused
from infra.build.target import Target
from infra.build.trimming import megabytes, trim
from infra.build.wheels import installed

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
    "core": Layer(("core", "chalice"), ("layers/core/scanward",), 40),
    "model": Layer(("model",), ("layers/model/imaging", "layers/model/models"), 190),
}
SLICES = ("auth", "inference", "portal", "realtime", "records", "scans")


def build_layer(name: str, out: Path, target: Target) -> float:
    """Writes the layer to `out`; gives back its size in MB. Raises BuildRefused when too large or under the GPL."""
    layer = LAYERS[name]
    packages = installed([places.lock(lock) for lock in layer.locks], target, trim)
    refuse_copyleft(packages)
    python = _emptied(out) / "python"
    shutil.copytree(packages, python)
    for source in layer.sources:
        folder = places.ROOT / source
        shutil.copytree(folder, python / folder.name, ignore=_NOT_CODE)
        compile_below(python / folder.name, target)
    size = megabytes(out)
    if size > layer.limit:
        raise BuildRefused(f"layer {name} is {size:.1f} MB unzipped, over its {layer.limit} MB")
    return size


def build_function(name: str, out: Path, target: Target) -> float:
    """Writes the slice's artefact to `out`; gives back its size in MB."""
    package = _emptied(out) / "functions"
    package.mkdir()
    shutil.copy2(places.ROOT / "functions" / "__init__.py", package)
    shutil.copytree(places.ROOT / "functions" / name, package / name, ignore=_NOT_CODE)
    if name == "portal":
        shutil.copy2(places.ROOT / "infra" / "openapi.json", package / name)
        _copy_swagger(out)
    compile_below(package, target)
    return megabytes(out)


def _copy_swagger(out: Path) -> None:
    """The few files of Swagger UI that /docs shows, where the package would have them; its own code wants Django."""
    inside = Path(SWAGGER, "static", SWAGGER, "swagger-ui-dist")
    kept = installed([places.lock("swagger")], Target.AWS, trim) / inside
    (out / inside).mkdir(parents=True)
    for file in SWAGGER_FILES:
        shutil.copy2(kept / file, out / inside)


def _emptied(out: Path) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out
