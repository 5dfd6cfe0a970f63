"""Where Swagger UI's files lie: in the package that brings them, of which the artefact holds only these."""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = "drf_spectacular_sidecar"


def swagger_ui() -> Path:
    """The folder of its files. The package is only looked up: importing it would ask for Django.

    Raises ModuleNotFoundError when it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(PACKAGE)
    return Path(next(iter(spec.submodule_search_locations)), "static", PACKAGE, "swagger-ui-dist")
