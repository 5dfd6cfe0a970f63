"""Analyses of X-rays and what may be done about their findings (contract B)."""

from functions.scans.routes.scans import one_image
from functions.scans.schemas.uploads import ExpertBody, ExpertOut, FriendlyBody, FriendlyOut
from functions.scans.schemas.xrays import TreatmentBody, TreatmentOut
from functions.scans.usecases import treatment, uploads
from functions.scans.usecases.dependencies import ScanDeps
from scanward.web.families import Family
from scanward.web.routes import Call, Media, Routes

routes = Routes[ScanDeps]("xray", Family.ENVELOPE)
FORM = (Media.MULTIPART,)


@routes.post("/xray/friendly-analysis", FriendlyOut, FriendlyBody, media=FORM, files=("file",), idempotent=True)
def friendly_analysis(call: Call[FriendlyBody], deps: ScanDeps) -> FriendlyOut:
    """Order an analysis that speaks to a patient."""
    image = one_image(call.files, "file")
    accepted_order = uploads.upload(
        deps=deps,
        actor=call.actor,
        image=image,
        command=call.body.to_command(estimates_time=True),
        idempotency_key=call.idempotency_key,
    )
    return FriendlyOut.from_domain(accepted_order, estimated_time=accepted_order.estimated_time)


@routes.post("/xray/expert-analysis", ExpertOut, ExpertBody, media=FORM, files=("file",), idempotent=True)
def expert_analysis(call: Call[ExpertBody], deps: ScanDeps) -> ExpertOut:
    """Order an analysis that speaks to a radiologist."""
    image = one_image(call.files, "file")
    accepted_order = uploads.upload(
        deps=deps,
        actor=call.actor,
        image=image,
        command=call.body.to_command(estimates_time=True),
        idempotency_key=call.idempotency_key,
    )
    return ExpertOut.from_domain(accepted_order, estimated_time=accepted_order.estimated_time)


@routes.post("/xray/suggest-treatment", TreatmentOut, TreatmentBody)
def suggest_treatment(call: Call[TreatmentBody], deps: ScanDeps) -> TreatmentOut:
    """Suggest what clinicians consider for the findings of a finished analysis, with sources."""
    return TreatmentOut.from_domain(treatment.suggest_treatment(deps, call.actor, call.body.to_command()))
