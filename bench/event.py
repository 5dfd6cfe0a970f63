"""A request as API Gateway hands it to a function (REST API, proxy integration), from a browser."""

from typing import Any

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9",
    "Host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
    "Origin": "https://app.example.org",
    "Referer": "https://app.example.org/scans",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "X-Amzn-Trace-Id": "Root=1-67f1c0de-0123456789abcdef01234567",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}


def request(method: str, resource: str, parameters: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    """Return an event without a body."""
    path = resource.format(**parameters)
    all_headers = {**HEADERS, **headers}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": all_headers,
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/live{path}",
            "protocol": "HTTP/1.1",
            "stage": "live",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1_763_700_000_000,
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": HEADERS["User-Agent"]},
        },
        "body": None,
        "isBase64Encoded": False,
    }
