"""`GET /scans/{scan_id}` as one function over PyJWT and boto3's client, with no framework at all."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3
import jwt

from scanward.domain.ids import to_uuid

LIMIT = 100


class Bare:
    """A Lambda handler. `key`: what tokens are signed with."""

    def __init__(self, accounts_table: str, scans_table: str, key: str) -> None:
        self.client = boto3.client("dynamodb")
        self._accounts_table = accounts_table
        self._scans_table = scans_table
        self._key = key

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Answer the read of a scan by its owner, and nothing else."""
        account = self.verify(event["headers"]["Authorization"].removeprefix("Bearer "))
        left = self.enter(account)
        item = self.read(event["pathParameters"]["scan_id"])
        if left < 0 or item["patient_id"]["N"] != account["sub"]:
            return {"statusCode": 404, "headers": {}, "body": ""}
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "RateLimit-Remaining": str(left)}
        return {"statusCode": 200, "headers": headers, "body": body(item)}

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key,
            algorithms=["HS256"],
            audience="scanward-api",
            issuer="scanward",
            leeway=30,
            options={"require": ["exp", "iat", "jti", "iss", "aud", "typ", "sub", "sid"]},
        )
        if claims["typ"] != "access":
            raise jwt.InvalidTokenError
        return claims

    def enter(self, account: dict[str, Any]) -> int:
        """Count a request of a live session; how many are left in this minute."""
        now = int(time.time())
        attributes = self.client.update_item(
            TableName=self._accounts_table,
            Key={"pk": {"S": f"ACCOUNT#{account['sub']}"}, "sk": {"S": "GATE"}},
            UpdateExpression="ADD #now :one REMOVE #before",
            ConditionExpression="#sessions.#session.#ends > :now AND #active = :true",
            ExpressionAttributeNames={
                "#now": f"m{now // 60}",
                "#before": f"m{now // 60 - 1}",
                "#sessions": "sessions",
                "#session": account["sid"],
                "#ends": "e",
                "#active": "active",
            },
            ExpressionAttributeValues={":one": {"N": "1"}, ":now": {"N": str(now)}, ":true": {"BOOL": True}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
        return LIMIT - int(attributes[f"m{now // 60}"]["N"])

    def read(self, scan_id: str) -> dict[str, Any]:
        """Return the scan's item."""
        key = {"pk": {"S": f"SCAN#{scan_id}"}, "sk": {"S": "SCAN"}}
        item: dict[str, Any] = self.client.get_item(TableName=self._scans_table, Key=key, ConsistentRead=True)["Item"]
        return item


def body(item: dict[str, Any]) -> str:
    """Return the answer's body."""
    data = {
        "id": int(item["pk"]["S"].partition("#")[2]),
        "patient_id": int(item["patient_id"]["N"]),
        "scan_type": item["scan_type"]["S"],
        "status": item["status"]["S"],
        "result": json.loads(item["result"]["S"]),
        "failure": None,
        "created_at": _iso(item["created_ms"]["N"]),
        "completed_at": _iso(item["completed_ms"]["N"]),
        "task_id": str(to_uuid(int(item["task_id"]["N"]))),
    }
    return json.dumps({"success": True, "data": data})


def _iso(ms: str) -> str:
    return datetime.fromtimestamp(int(ms) / 1000, UTC).isoformat().replace("+00:00", "Z")
