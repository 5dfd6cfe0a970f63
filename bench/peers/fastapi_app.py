"""`GET /scans/{scan_id}` on FastAPI, Mangum and PynamoDB, with item models of its own."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from mangum import Mangum
from pydantic import BaseModel
from pynamodb.attributes import BooleanAttribute, JSONAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from scanward.domain.ids import to_uuid
from tests.support.cloud import KEY, TABLES


class GateRow(Model):
    """The caller's gate."""

    class Meta:
        table_name = TABLES["ACCOUNTS_TABLE"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    role = UnicodeAttribute()
    active = BooleanAttribute()
    approved = BooleanAttribute()
    sessions: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]


class ScanRow(Model):
    """The scan."""

    class Meta:
        table_name = TABLES["SCANS_TABLE"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    patient_id = NumberAttribute()
    uploaded_by = NumberAttribute()
    task_id = NumberAttribute()
    lane = UnicodeAttribute()
    scan_type = UnicodeAttribute()
    status = UnicodeAttribute()
    created_ms = NumberAttribute()
    completed_ms = NumberAttribute(null=True)
    result = JSONAttribute(null=True)
    failure = UnicodeAttribute(null=True)


LIMIT = 100
REQUIRED_CLAIMS = ["exp", "iat", "jti", "iss", "aud", "typ", "sub", "sid"]


class Scan(BaseModel):
    """A scan."""

    id: int
    patient_id: int
    scan_type: str
    status: str
    result: dict[str, Any] | None
    failure: dict[str, str] | None
    created_at: datetime
    completed_at: datetime | None
    task_id: UUID


class Answer(BaseModel):
    """The envelope."""

    success: bool
    data: Scan


def _gate(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> int:
    """Return the caller's account; their session lives, and they are within the limit."""
    claims = jwt.decode(
        credentials.credentials,
        KEY,
        algorithms=["HS256"],
        audience="scanward-api",
        issuer="scanward",
        leeway=30,
        options={"require": REQUIRED_CLAIMS},
    )
    now = int(time.time())
    row, counter = GateRow(f"ACCOUNT#{claims['sub']}", "GATE"), f"m{now // 60}"
    alive = (Path(["sessions", claims["sid"], "e"]) > now) & (GateRow.active == True)  # noqa: E712 (an expression)
    attributes = row.update([Path(counter).add(1), Path(f"m{now // 60 - 1}").remove()], condition=alive)
    if claims["typ"] != "access" or int(attributes["Attributes"][counter]["N"]) > LIMIT:
        raise HTTPException(429)
    return int(claims["sub"])


async def _gate_in_loop(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> int:
    return _gate(credentials)


def _read(scan_id: int, account_id: int) -> Answer:
    row = ScanRow.get(f"SCAN#{scan_id}", "SCAN", consistent_read=True)
    if row.patient_id != account_id:
        raise HTTPException(404)
    scan = Scan(
        id=scan_id,
        patient_id=int(row.patient_id),
        scan_type=row.scan_type,
        status=row.status,
        result=row.result,
        failure=None,
        created_at=_time(row.created_ms),
        completed_at=_time(row.completed_ms),
        task_id=to_uuid(int(row.task_id)),
    )
    return Answer(success=True, data=scan)


def read_scan(scan_id: int, account_id: Annotated[int, Depends(_gate)]) -> Answer:
    """Answer as FastAPI's documentation writes views that block: each step in its pool of threads."""
    return _read(scan_id, account_id)


async def read_scan_in_loop(scan_id: int, account_id: Annotated[int, Depends(_gate_in_loop)]) -> Answer:
    """Answer in the event loop itself, which in Lambda has no other request to serve."""
    return _read(scan_id, account_id)


def handler(*, in_loop: bool) -> Any:
    """Return the Lambda handler, with views of one kind or the other."""
    app = FastAPI()
    view = read_scan_in_loop if in_loop else read_scan
    app.add_api_route("/scans/{scan_id}", view, response_model=Answer)
    return Mangum(app, lifespan="off")


def clients() -> list[Any]:
    """Return the SDK clients of its models, to be answered without a network."""
    return [row._get_connection().connection.client for row in (GateRow, ScanRow)]


def _time(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
