"""Predictions of contract A, and the cards of the models."""

from functions.inference import predictions as usecases
from functions.inference.predictions import PredictionDeps
from functions.inference.schemas import CardOut, ModelOut, Predict, PredictOut
from scanward.errors import InvalidFields
from scanward.web.families import Family
from scanward.web.routes import Call, Media, Routes

routes = Routes[PredictionDeps]("models", Family.ENVELOPE)


@routes.post("/predict", PredictOut, Predict, media=(Media.MULTIPART,), files=("file",), family=Family.FLAT)
def predict(call: Call[Predict], deps: PredictionDeps) -> PredictOut:
    """Have an image of up to 4,400,000 bytes read at once, by a model that chooses one of its labels."""
    if set(call.files) != {"file"}:
        raise InvalidFields({"file": ["Send one image, in the field called file."]})
    return PredictOut.from_domain(usecases.predict(deps, call.actor, call.files["file"].content, call.body.model_type))


@routes.get("/models", list[ModelOut])
def list_models(call: Call[None], deps: PredictionDeps) -> list[ModelOut]:
    """List the models at hand."""
    return [ModelOut.from_domain(card, deps.models.accepts(card)) for card in usecases.read_models(deps)]


@routes.get("/models/{name}", CardOut)
def read_model(call: Call[None], deps: PredictionDeps) -> CardOut:
    """Read a model's card: what it was made for, how good it is, what it cannot do."""
    card = usecases.read_model(deps, call.path["name"])
    return CardOut.from_domain(card, deps.models.accepts(card))
