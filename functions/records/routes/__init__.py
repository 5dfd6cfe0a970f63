"""The routes of clinic data, one module for each kind of thing."""

from functions.records.routes import access_log, care, clinical_notes, departments, directory, personal_data, questions
from functions.records.usecases.dependencies import RecordDeps
from scanward.web.families import Family
from scanward.web.routes import Routes

TABLES = (
    care.routes,
    access_log.routes,
    personal_data.routes,
    directory.routes,
    departments.routes,
    departments.own_routes,
    clinical_notes.routes,
    questions.routes,
)
routes = Routes[RecordDeps].join("records", Family.ENVELOPE, *TABLES)
