"""Contract A's /predict, and the models' cards."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aws_lambda_powertools import Logger

from functions.inference.model_registry import FetchFile, ModelConfig, ModelRegistry
from functions.inference.predictions import PredictionDeps
from functions.inference.routes import routes
from imaging.card_schema import Accepts
from scanward.clock import now
from scanward.security.authentication import Authenticator
from scanward.security.tokens import Tokens
from scanward.stores.s3 import StorageFailed
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors
from segments import AVIF, HEIC
from tests.support import networks
from tests.support.client import ApiClient, InProcess, Reply
from tests.support.cloud import ROOT, SECRET, TABLES
from tests.support.images import dicom, jpeg, png
from tests.support.people import sign_in

NAMES = ("chest_cancer", "brain_tumor", "kidney_stone")
DOCUMENTED = "Invalid model type. Choose from chest_cancer, brain_tumor, kidney_stone"
IMAGE = png(networks.shown(2))
CT_CHEST: dict[str, Any] = {"Modality": "CT", "BodyPartExamined": "CHEST"}
SHOWS_ANOTHER = "Error loading image: the file says that it shows something else"
Serve = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three models that choose one of four, and the chest model, which does not."""
    network = networks.quarters()
    for name in NAMES:
        networks.write(tmp_path, networks.card(name, network), network)
    (tmp_path / "chest_xray").symlink_to(ROOT / "layers" / "model" / "models" / "chest_xray")
    return tmp_path


@pytest.fixture
def serve(aws: None) -> Serve:
    """Provide the API over a folder of models."""

    def app(models: Path, served: dict[str, ModelConfig] | None = None, fetch: FetchFile | None = None) -> Any:
        return served_by(PredictionDeps(ModelRegistry(models, 1769, served, fetch), NAMES))

    return app


def served_by(deps: PredictionDeps) -> Any:
    tokens = Tokens(partial(read_token_keys, SECRET), now)
    gate = Authenticator(SessionStore(TABLES["ACCOUNTS_TABLE"]), tokens, 100, now)
    return Api(routes, deps, Edge(gate, Cors(()), Logger(service="predict")))


Predict = Callable[..., Reply]


@pytest.fixture
def predict(serve: Serve, folder: Path, patient: ApiClient) -> Predict:
    """Send one image, or other files, as a patient."""
    app = serve(folder)

    def send(image: bytes | dict[str, bytes] = IMAGE, model_type: str | None = "chest_cancer") -> Reply:
        fields = {} if model_type is None else {"model_type": model_type}
        return patient.through(InProcess(app)).upload(
            "/predict", image if isinstance(image, dict) else {"file": image}, fields
        )

    return send


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_has_the_documents_fields_and_says_what_it_is(predict: Predict, name: str) -> None:
    reply = predict(model_type=name)
    answer = reply.json
    assert reply.status == 200
    assert (answer["model"], answer["prediction"]) == (name, "Bottom left")
    assert 0.9 < answer["confidence"] <= 1
    assert answer["notice"] == "a network of tests. This is not a diagnosis."
    assert [score["label"] for score in answer["scores"]] == list(networks.LABELS)
    assert sum(score["score"] for score in answer["scores"]) == pytest.approx(1, abs=1e-3)
    assert all(0 < score["operating_point"] < 1 for score in answer["scores"])


def test_every_accepted_format_is_read(predict: Predict) -> None:
    pixels = networks.shown(3)
    deep = dicom(pixels.astype(np.uint16) * 16, BitsStored=12, **CT_CHEST)
    for image in (png(pixels), jpeg(pixels), dicom(pixels, **CT_CHEST), deep):
        assert predict(image).json["prediction"] == "Bottom right"


@pytest.mark.parametrize("said", [{"Modality": "MR"}, {"BodyPartExamined": "BRAIN"}])
def test_a_prediction_does_not_overrule_what_the_header_says(predict: Predict, said: dict[str, Any]) -> None:
    reply = predict(dicom(networks.shown(3), **(CT_CHEST | said)))
    assert (reply.status, reply.json) == (400, {"error": SHOWS_ANOTHER})


def test_what_a_model_reads_is_what_the_stack_configures(patient: ApiClient, serve: Serve, folder: Path) -> None:
    heads = Accepts(modalities=("MR",), body_parts=("HEAD",))
    app = serve(folder, {"chest_cancer": ModelConfig(accepts=heads)})
    mr_head: dict[str, Any] = {"Modality": "MR", "BodyPartExamined": "HEAD"}
    for said, status in ((mr_head, 200), (CT_CHEST, 400)):
        files = {"file": dicom(networks.shown(3), **said)}
        assert (
            patient.through(InProcess(app)).upload("/predict", files, {"model_type": "chest_cancer"}).status == status
        )


@pytest.mark.parametrize("name", ["chest_xray", "CHEST_CANCER", "../chest_cancer", "lung", "a" * 254])
def test_an_unknown_model_gets_the_documented_text(predict: Predict, name: str) -> None:
    reply = predict(model_type=name)
    assert (reply.status, reply.json) == (400, {"error": DOCUMENTED})


@pytest.mark.parametrize("image", [b"GIF89a" + bytes(100), b"not an image", b"\x00", b"<svg/>", IMAGE[1:]])
def test_a_file_that_is_no_image_gets_the_documented_text(predict: Predict, image: bytes) -> None:
    reply = predict(image)
    assert (reply.status, reply.json) == (400, {"error": "Error loading image: cannot identify image file"})


@pytest.mark.parametrize(("brand", "sentence"), [(b"heic", HEIC), (b"avif", AVIF)])
def test_a_photograph_of_a_kind_that_is_not_read_is_told_what_to_do(
    predict: Predict, brand: bytes, sentence: str
) -> None:
    reply = predict(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(100))
    assert (reply.status, reply.json) == (400, {"error": f"Error loading image: {sentence}"})


@pytest.mark.parametrize("image", [IMAGE[:-30], png(networks.shown(0, 16)), IMAGE + b"more"])
def test_an_image_that_cannot_be_read_is_told_why(predict: Predict, image: bytes) -> None:
    reply = predict(image)
    assert reply.status == 400
    assert set(reply.json) == {"error"}
    assert reply.json["error"].startswith("Error loading image: The ")


@pytest.mark.parametrize(
    ("files", "model_type", "broken"),
    [
        ({}, "chest_cancer", {"file"}),
        ({"image": IMAGE}, "chest_cancer", {"file"}),
        ({"file": IMAGE, "another": IMAGE}, "chest_cancer", {"file"}),
        ({"file": IMAGE}, None, {"model_type"}),
        ({"file": IMAGE}, "", {"model_type"}),
    ],
    ids=["no-file", "other-name", "two-files", "no-model", "blank-model"],
)
def test_a_form_of_another_shape_names_its_broken_fields(
    predict: Predict, files: dict[str, bytes], model_type: str | None, broken: set[str]
) -> None:
    reply = predict(files, model_type)
    assert (reply.status, set(reply.json)) == (400, broken)


def test_two_images_in_one_field_are_refused(patient: ApiClient, serve: Serve, folder: Path) -> None:
    model = b'--x\r\nContent-Disposition: form-data; name="model_type"\r\n\r\nchest_cancer\r\n'
    image = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + IMAGE + b"\r\n"
    for images, status in ((image, 200), (image + image, 400)):
        body = model + images + b"--x--\r\n"
        reply = patient.through(InProcess(serve(folder))).send(
            "POST", "/predict", body, "multipart/form-data; boundary=x"
        )
        assert reply.status == status
    assert reply.json == {"file": ["This field may be given once."]}


def test_an_empty_file_is_no_image(predict: Predict) -> None:
    assert predict(b"").status == 400


def test_a_form_over_the_gateways_bound_is_413(predict: Predict) -> None:
    assert predict(IMAGE + bytes(4_400_000)).status == 413


def test_only_who_is_signed_in_and_approved_predicts(api: ApiClient, serve: Serve, folder: Path) -> None:
    app, form = serve(folder), ({"file": IMAGE}, {"model_type": "chest_cancer"})
    assert api.through(InProcess(app)).upload("/predict", *form).status == 401
    doctor = sign_in(api, "doctor@example.org", "DOCTOR")
    reply = doctor.through(InProcess(app)).upload("/predict", *form)
    assert (reply.status, reply.json) == (403, {"error": "Not allowed"})


def test_a_broken_model_takes_no_other_with_it(patient: ApiClient, serve: Serve, folder: Path) -> None:
    (folder / "brain_tumor" / "model.onnx").write_bytes(b"other bytes")
    (folder / "kidney_stone" / "card.json").write_text("{")
    app = serve(folder)
    for name, status in (("brain_tumor", 503), ("kidney_stone", 503), ("chest_cancer", 200)):
        reply = patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": name})
        assert reply.status == status, reply.body
        assert name not in str(reply.json.get("error"))
    reply = patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": "lung"})
    assert reply.json == {"error": DOCUMENTED}


def test_a_model_that_s3_does_not_give_takes_no_other_with_it(patient: ApiClient, serve: Serve, folder: Path) -> None:
    def fetch(key: str) -> bytes:
        raise StorageFailed

    pinned = ModelConfig(prefix="2", sha256="0" * 64)
    app = serve(folder, {"brain_tumor": pinned, "knee_film": pinned}, fetch)
    for name, status in (("brain_tumor", 503), ("knee_film", 503), ("chest_cancer", 200)):
        assert (
            patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": name}).status == status
        )
        assert patient.through(InProcess(app)).get(f"/models/{name}").status == status
    listed = [model["name"] for model in patient.through(InProcess(app)).get("/models").data]
    assert listed == ["chest_cancer", "chest_xray", "kidney_stone"]
    reply = patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": "lung"})
    assert reply.json == {"error": DOCUMENTED}


def test_reference_models_that_are_switched_off_are_not_there(patient: ApiClient, aws: None) -> None:
    folder = ROOT / "layers" / "model" / "models"
    off = PredictionDeps(ModelRegistry(folder, 1769, with_reference=False), NAMES)
    app = served_by(off)
    assert patient.through(InProcess(app)).get("/models").data == []
    assert patient.through(InProcess(app)).get("/models/chest_cancer").status == 404
    reply = patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": "chest_cancer"})
    assert (reply.status, reply.json) == (503, {"error": "No model is installed here"})
    assert reply.headers["retry-after"]


def test_reference_models_switched_off_leave_the_clinics_own(patient: ApiClient, aws: None, tmp_path: Path) -> None:
    network = networks.quarters()
    networks.write(tmp_path, networks.card("own", network), network)
    for name in ("chest_cancer", "chest_xray"):
        (tmp_path / name).symlink_to(ROOT / "layers" / "model" / "models" / name)
    registry = ModelRegistry(tmp_path, 1769, with_reference=False)
    assert registry.names == ["own"]
    app = served_by(PredictionDeps(registry, NAMES))
    reply = patient.through(InProcess(app)).upload("/predict", {"file": IMAGE}, {"model_type": "chest_cancer"})
    assert (reply.status, reply.json) == (400, {"error": "Invalid model type. Choose from own"})


def test_the_cards_are_listed_and_shown(patient: ApiClient, serve: Serve, folder: Path) -> None:
    app = serve(folder)
    listed = patient.through(InProcess(app)).get("/models").data
    assert [model["name"] for model in listed] == ["brain_tumor", "chest_cancer", "chest_xray", "kidney_stone"]
    shown = patient.through(InProcess(app)).get("/models/chest_xray").data
    assert shown["notice"] == "reference model trained on synthetic phantoms; not for clinical use"
    assert shown["card"]["metrics"]
    assert shown["accepts"]["scan_types"] == ["XRAY"]
    assert {**shown, "card": None} == {**next(m for m in listed if m["name"] == "chest_xray"), "card": None}
    for name in ("lung", "..", "%2e%2e", "chest_xray%2Fcard.json"):
        assert patient.through(InProcess(app)).get(f"/models/{name}").status == 404
    assert ApiClient().through(InProcess(app)).get("/models").status == 401


def test_the_shipped_models_are_served_by_the_function_itself(patient: ApiClient) -> None:
    names = [model["name"] for model in patient.get("/models").data]
    assert names == sorted(path.parent.name for path in (ROOT / "layers" / "model" / "models").glob("*/card.json"))
