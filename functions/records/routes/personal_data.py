"""What people take along of their own."""

from functions.records.schemas.personal_data import ExportOut
from functions.records.usecases import personal_data
from functions.records.usecases.dependencies import RecordDeps
from scanward.web.families import Family
from scanward.web.routes import Call, Routes

routes = Routes[RecordDeps]("records", Family.ENVELOPE)


@routes.get("/users/me/export", ExportOut)
def read_export(call: Call[None], deps: RecordDeps) -> ExportOut:
    """Ask for all that is kept of the caller, as a ZIP; the first call has it packed, later ones say where it is."""
    return ExportOut.from_domain(personal_data.read_export(deps, call.actor))


@routes.post("/users/me/export", ExportOut, status=202)
def request_export(call: Call[None], deps: RecordDeps) -> ExportOut:
    """Have a newer one packed."""
    return ExportOut.from_domain(personal_data.request_export(deps, call.actor))
