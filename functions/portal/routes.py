"""What answers without an account."""

from typing import Literal

from functions.portal import usecases
from functions.portal.usecases import PortalDeps
from scanward.errors import NotFound
from scanward.web.families import Family
from scanward.web.fields import Out
from scanward.web.routes import PUBLIC, Binary, Call, Routes

routes = Routes[PortalDeps]("portal", Family.ENVELOPE)

_BRIEFLY = {"Cache-Control": "public, max-age=300"}
_PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    **_BRIEFLY,
}


class HealthOut(Out):
    """The API answers."""

    status: Literal["ok"] = "ok"


@routes.get("/health", HealthOut, audience=PUBLIC)
def health(call: Call[None], deps: PortalDeps) -> HealthOut:
    """Tell whether the API answers."""
    return HealthOut()


@routes.get("/openapi.json", "application/json", audience=PUBLIC)
def openapi(call: Call[None], deps: PortalDeps) -> Binary:
    """Read this document."""
    return Binary(usecases.openapi_document(deps, call.root), "application/json", _BRIEFLY)


@routes.get("/docs", "text/html", audience=PUBLIC)
def docs(call: Call[None], deps: PortalDeps) -> Binary:
    """Show this document as a page."""
    return Binary(usecases.docs_page(call.root), "text/html; charset=utf-8", _PAGE_POLICY)


@routes.get("/docs/{asset}", "application/octet-stream", audience=PUBLIC)
def docs_asset(call: Call[None], deps: PortalDeps) -> Binary:
    """Send a file of the page."""
    asset_file = usecases.docs_asset(deps, call.path["asset"])
    return Binary(asset_file.content, asset_file.content_type, _PAGE_POLICY)


@routes.any("/", HealthOut, audience=PUBLIC)
@routes.any("/{proxy+}", HealthOut, audience=PUBLIC)
def unknown(call: Call[None], deps: PortalDeps) -> Binary:
    """Return a path that does not exist."""
    raise NotFound


@routes.any("/api", HealthOut, audience=PUBLIC, family=Family.FLAT)
@routes.any("/api/{proxy+}", HealthOut, audience=PUBLIC, family=Family.FLAT)
def unknown_flat(call: Call[None], deps: PortalDeps) -> Binary:
    """Return a path that does not exist, among those of the flat family."""
    raise NotFound
