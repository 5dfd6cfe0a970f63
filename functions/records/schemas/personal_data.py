"""Answers about what people take along of their own."""

from datetime import datetime
from typing import Self
from uuid import UUID

from functions.records.usecases.personal_data import LINK_SECONDS, ExportLink
from scanward.domain.ids import to_uuid
from scanward.web.fields import Out


class ExportOut(Out):
    """How far the packing has come. `url` gives the ZIP for `expires_in` seconds; each look gives a new one."""

    task_id: UUID
    status: str
    progress: int
    message: str
    asked_at: datetime
    url: str | None
    expires_in: int | None

    @classmethod
    def from_domain(cls, ready: ExportLink) -> Self:
        export = ready.export
        return cls(
            task_id=to_uuid(export.id),
            status=export.status.value,
            progress=export.progress,
            message=export.message,
            asked_at=export.requested_at,
            url=ready.url,
            expires_in=LINK_SECONDS if ready.url else None,
        )
