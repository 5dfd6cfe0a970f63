"""The API document and its pages, as files to send; Swagger UI comes from the package that brings it."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scanward.errors import NotFound

ASSETS = MappingProxyType(
    {
        "swagger-ui.css": "text/css; charset=utf-8",
        "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "favicon-32x32.png": "image/png",
    }
)
START = """window.ui = SwaggerUIBundle({url: "openapi.json", dom_id: "#docs", deepLinking: true});
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Scanward API</title>
<base href="{base}/">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="docs"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class PortalDeps:
    """`document`: the OpenAPI file that the gateway was made from. `assets`: Swagger UI's folder."""

    document: Path
    assets: Path


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the pages."""

    content: bytes
    content_type: str


def openapi_document(deps: PortalDeps, root: str) -> bytes:
    """Return the gateway's own document, for people and client generators: without AWS's parts, with where it is
    served.
    """
    whole = json.loads(deps.document.read_bytes())
    paths: dict[str, dict[str, Any]] = {}
    for path, item in whole["paths"].items():
        for verb, operation in item.items():
            if "operationId" in operation:
                operation.pop("x-amazon-apigateway-integration")
                paths.setdefault(path, {})[verb] = operation
    whole["paths"] = paths
    del whole["x-amazon-apigateway-gateway-responses"]
    whole["servers"] = [{"url": root}]
    return json.dumps(whole).encode()


def docs_page(root: str) -> bytes:
    """Return the page that shows the document."""
    return PAGE.format(base=root).encode()


def docs_asset(deps: PortalDeps, name: str) -> Asset:
    """Return one file of the page, from a closed list. Raises NotFound."""
    if name == "start.js":
        return Asset(START.encode(), "text/javascript; charset=utf-8")
    if name not in ASSETS:
        raise NotFound
    return Asset((deps.assets / name).read_bytes(), ASSETS[name])


PACKAGE = "drf_spectacular_sidecar"


def swagger_ui() -> Path:
    """Return the folder of Swagger UI's files. The package is only looked up: importing it would ask for Django.

    Raises ModuleNotFoundError when it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(PACKAGE)
    return Path(next(iter(spec.submodule_search_locations)), "static", PACKAGE, "swagger-ui-dist")
