"""The scan, task and file routes, one module for each kind of thing."""

from functions.scans.routes import analyses, files, scans, tasks, xrays
from functions.scans.usecases.dependencies import ScanDeps
from scanward.web.families import Family
from scanward.web.routes import Routes

routes = Routes[ScanDeps].join(
    "scans", Family.ENVELOPE, scans.routes, tasks.routes, files.routes, analyses.routes, xrays.routes
)
