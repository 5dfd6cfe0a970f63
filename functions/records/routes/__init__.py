"""The routes of clinic data, one module for each kind of thing."""

from functions.records.routes import (
    access_log,
    care,
    departments,
    directory,
    exports,
    histories,
    patient_records,
    patients,
    questions,
)
from functions.records.usecases.dependencies import Clinic
from scanward.web.families import Family
from scanward.web.routes import Routes

TABLES = (
    care.routes,
    patients.routes,
    access_log.routes,
    exports.routes,
    directory.routes,
    departments.routes,
    departments.own_routes,
    patient_records.routes,
    questions.routes,
    histories.routes,
)
routes = Routes[Clinic].joined("records", Family.ENVELOPE, *TABLES)
