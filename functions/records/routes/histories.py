"""Medical histories (contract E), and what it leaves unsaid: how they are written and amended."""

from functions.records.schemas.fields import ProseQuery
from functions.records.schemas.histories import HistoryAmendmentBody, HistoryBody, HistoryOut, ReplacedEntryOut
from functions.records.usecases import histories
from functions.records.usecases.dependencies import Clinic
from scanward.web.call import Call, Page
from scanward.web.families import Family
from scanward.web.routes import Routes

routes = Routes[Clinic]("records", Family.FLAT)


@routes.get("/api/medical_histories_of_patient/{user_id}", list[HistoryOut], query=ProseQuery)
def of_patient(call: Call[None], clinic: Clinic) -> Page:
    """A patient's medical history, what was written last first."""
    found, cursor = histories.of_patient(clinic, call.actor, call.path["user_id"], call.query.window())
    return Page([HistoryOut.of(history) for history in found], cursor)


@routes.post("/api/medical_histories", HistoryOut, HistoryBody, status=201, idempotent=True)
def write(call: Call[HistoryBody], clinic: Clinic) -> HistoryOut:
    """Write an entry of the medical history of a patient of one's own."""
    body = call.body
    return HistoryOut.of(histories.write(clinic, call.actor, body.user_id, body.text(), call.once))


@routes.put("/api/medical_histories/{id}", HistoryOut, HistoryAmendmentBody)
def amend(call: Call[HistoryAmendmentBody], clinic: Clinic) -> HistoryOut:
    """Amend an entry; what stood before is kept, with its author and time."""
    body = call.body
    return HistoryOut.of(histories.amend(clinic, call.actor, call.path["id"], body.version, body.text()))


@routes.get("/api/medical_histories/{id}/versions", list[ReplacedEntryOut], query=ProseQuery)
def versions(call: Call[None], clinic: Clinic) -> Page:
    """What amendments of an entry replaced, the newest first."""
    found, cursor = histories.replaced(clinic, call.actor, call.path["id"], call.query.window())
    return Page([ReplacedEntryOut.of(one) for one in found], cursor)
