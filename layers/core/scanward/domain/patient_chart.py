"""A patient's sheet: what the professionals who care for them keep of them, beside what patients say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scanward.domain.accounts import Gender


@dataclass(frozen=True, slots=True)
class ChartVersion:
    """One version of a sheet. Each keeps its author and time, and the earlier ones stay.

    None where no professional wrote anything: what the patient says is shown there.
    """

    patient_id: int
    version: int
    author_id: int
    at: datetime
    name: str | None = None
    age: int | None = None
    gender: Gender | None = None
    diagnosis: str | None = None


def first_version(patient_id: int, author_id: int, now: datetime) -> ChartVersion:
    """Return an empty sheet."""
    return ChartVersion(patient_id, 0, author_id, now)


def next_version(chart_version: ChartVersion, author_id: int, fields: Mapping[str, Any], now: datetime) -> ChartVersion:
    """Return the next version: `fields` as given, the others as they were."""
    return replace(chart_version, **fields, version=chart_version.version + 1, author_id=author_id, at=now)
