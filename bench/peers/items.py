"""The two items of the request, as PynamoDB models of the FastAPI peer's own."""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from tests.support.cloud import TABLES


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
