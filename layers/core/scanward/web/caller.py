"""Whose address a call comes from: what API Gateway saw, or what CloudFront saw where the call came through ours."""

from hmac import compare_digest

from chalice.app import Request

MARK = "x-distribution-mark"


def address_of(request: Request, mark: str | None) -> str:
    """The caller's address. `mark`: what our distribution alone puts into `MARK`; None where there is none.

    Behind CloudFront, API Gateway sees CloudFront. `X-Forwarded-For` then ends with the viewer, whom CloudFront saw,
    and CloudFront, which API Gateway saw; whatever stands before these two is the viewer's own text.
    """
    seen: list[str] = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    marked = mark is not None and compare_digest(request.headers.get(MARK, "").encode(), mark.encode())
    if marked and len(seen) > 1:
        return seen[-2]
    return str(request.context.get("identity", {}).get("sourceIp", ""))
