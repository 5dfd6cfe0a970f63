"""What API Gateway refuses on its own, said in our words."""

from typing import Any

from scanward.errors import (
    MalformedBody,
    NotFound,
    ScanwardError,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
)
from scanward.web.bodies import TOO_LARGE_TEXT
from scanward.web.families import Family

# The gateway's name for a refusal → the status it gets (0: the gateway's own) and what it says.
_GATEWAY_REFUSALS: dict[str, tuple[int, ScanwardError]] = {
    "DEFAULT_4XX": (0, MalformedBody("The request cannot be read")),
    "DEFAULT_5XX": (0, Unavailable()),
    "MISSING_AUTHENTICATION_TOKEN": (404, NotFound()),
    "REQUEST_TOO_LARGE": (413, TooLarge(TOO_LARGE_TEXT)),
    "UNSUPPORTED_MEDIA_TYPE": (415, UnsupportedMedia()),
    "THROTTLED": (429, TooManyRequests(1)),
    "INTEGRATION_TIMEOUT": (504, Unavailable()),
}

# Such a refusal is one text for everybody and comes without credentials, so any page may read it; the list of allowed
# origins cannot be matched here, and without the header a browser tells an app that the network failed.
_HEADERS = {
    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
    "gatewayresponse.header.Cache-Control": "'no-store'",
}


def gateway_responses() -> dict[str, Any]:
    """What the gateway refuses on its own, in the envelope's shape: such responses are one per API."""
    said: dict[str, Any] = {}
    for kind, (status, error) in _GATEWAY_REFUSALS.items():
        _, body = Family.ENVELOPE.refuse(error)
        said[kind] = {"responseParameters": dict(_HEADERS), "responseTemplates": {"application/json": body}}
        if status:
            said[kind]["statusCode"] = status
    return said
