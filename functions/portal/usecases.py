"""The document and the pages, as files to send."""

import json
from dataclasses import dataclass
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
class Portal:
    """`document`: the OpenAPI file that the gateway was made from. `assets`: Swagger UI's folder."""

    document: Path
    assets: Path


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the pages."""

    content: bytes
    content_type: str


def document(portal: Portal, root: str) -> bytes:
    """The gateway's own document, for people and client generators: without AWS's parts, with where it is served."""
    whole = json.loads(portal.document.read_bytes())
    served: dict[str, dict[str, Any]] = {}
    for path, item in whole["paths"].items():
        for verb, operation in item.items():
            if "operationId" in operation:
                operation.pop("x-amazon-apigateway-integration")
                served.setdefault(path, {})[verb] = operation
    whole["paths"] = served
    del whole["x-amazon-apigateway-gateway-responses"]
    whole["servers"] = [{"url": root}]
    return json.dumps(whole).encode()


def page(root: str) -> bytes:
    """The page that shows the document."""
    return PAGE.format(base=root).encode()


def asset(portal: Portal, name: str) -> Asset:
    """One file of the page, from a closed list. Raises NotFound."""
    if name == "start.js":
        return Asset(START.encode(), "text/javascript; charset=utf-8")
    if name not in ASSETS:
        raise NotFound
    return Asset((portal.assets / name).read_bytes(), ASSETS[name])
