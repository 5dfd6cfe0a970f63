"""Models under an S3 prefix: pinned by hash, served beside the shipped ones, refused one by one."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.inference.model_registry import (
    RETRY_SECONDS,
    ModelRegistry,
    ModelSettings,
    OnError,
    model_registry,
    read_configs,
)
from imaging.errors import ModelError
from imaging.image import ImageFacts
from scanward.errors import NotFound
from scanward.settings import load_settings
from scanward.stores.clients import s3
from scanward.stores.s3 import ModelFiles, StorageFailed
from tests.faults.injection import refused
from tests.support import networks
from tests.support.cloud import BUCKET

NETWORK = networks.quarters()
CT_KIDNEY = {"body_parts": ["KIDNEY", "ABDOMEN"]}
MRI = {"modalities": ["MR"], "body_parts": ["BRAIN", "HEAD"], "scan_types": ["MRI"]}
KIDNEY = ImageFacts("DICOM", 64, 64, 8, modality="CT", body_part="KIDNEY")
BRAIN = ImageFacts("DICOM", 64, 64, 8, modality="MR", body_part="BRAIN")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide two models of the layer."""
    for name, accepts in (("kidney", CT_KIDNEY), ("chest_ct", {"body_parts": ["CHEST"]})):
        networks.write(tmp_path, networks.card(name, NETWORK, accepts=accepts), NETWORK)
    return tmp_path


def keep(prefix: str, document: dict[str, Any], network: bytes = NETWORK, texts: dict[str, bytes] | None = None) -> str:
    """Put a model into S3; gives its card's sha256."""
    text = json.dumps(document).encode()
    for name, content in {"card.json": text, "model.onnx": network, **(texts or {})}.items():
        boto3.client("s3").put_object(Bucket=BUCKET, Key=f"models/{prefix}/{name}", Body=content)
    return hashlib.sha256(text).hexdigest()


def configured(folder: Path, served: dict[str, Any], tell: OnError | None = None) -> ModelRegistry:
    values = {"BUCKET": BUCKET, "MODELS": json.dumps(served)}
    return model_registry(load_settings(ModelSettings, values), folder, 1769, tell)


def test_a_model_under_a_prefix_is_served_beside_the_others(aws: None, folder: Path) -> None:
    pin = keep("brains/2", networks.card("brain", NETWORK, accepts=MRI))
    models = configured(folder, {"brain": {"prefix": "brains/2", "sha256": pin}})
    assert set(models.cards) == {"brain", "chest_ct", "kidney"}
    model = models.for_image(BRAIN)
    assert model is not None
    assert model.card.sha256 == hashlib.sha256(NETWORK).hexdigest()


def test_a_model_under_a_prefix_replaces_the_shipped_one_of_its_name(aws: None, folder: Path) -> None:
    pin = keep("kidneys/7", networks.card("kidney", NETWORK, accepts=CT_KIDNEY, version="7.0.0"))
    models = configured(folder, {"kidney": {"prefix": "kidneys/7", "sha256": pin}})
    assert models.load("kidney").card.version == "7.0.0"


def test_a_card_or_graph_that_is_not_the_pinned_one_is_refused_and_the_others_are_served(
    aws: None, folder: Path
) -> None:
    good = keep("good", networks.card("good", NETWORK, accepts=MRI))
    swapped = keep("swapped", networks.card("swapped", NETWORK), network=NETWORK + b"\x00")
    keep("edited", networks.card("edited", NETWORK))
    renamed = keep("renamed", networks.card("another", NETWORK))
    served = {
        "good": {"prefix": "good", "sha256": good},
        "swapped": {"prefix": "swapped", "sha256": swapped},
        "edited": {"prefix": "edited", "sha256": "0" * 64},
        "renamed": {"prefix": "renamed", "sha256": renamed},
        "absent": {"prefix": "absent", "sha256": good},
    }
    told: list[ModelError] = []
    models = configured(folder, served, told.append)
    for name in set(served) - {"good"}:
        for _ in range(2):
            with pytest.raises(ModelError, match=name):
                models.load(name)
    assert len(told) == len(served) - 1
    assert models.load("good").card.name == "good"
    assert models.load("kidney").card.name == "kidney"


def test_words_under_a_prefix_are_read_as_pinned_and_wrong_ones_refuse_their_model_alone(
    aws: None, folder: Path
) -> None:
    served = {}
    for name, edit in (("good", b""), ("edited", b" ")):
        document = networks.card(name, NETWORK, accepts=MRI)
        texts = networks.pin(document, words=networks.words())
        pin = keep(name, document, texts={"words.json": texts["words.json"] + edit})
        served[name] = {"prefix": name, "sha256": pin}
    promising = networks.card("promising", NETWORK, accepts=MRI)
    texts = networks.pin(promising, words=networks.words() | {"urgent": "You have nothing to fear from this."})
    served["promising"] = {"prefix": "promising", "sha256": keep("promising", promising, texts=texts)}
    models = configured(folder, served)
    assert models.load("good")
    own = models.texts("good").words
    assert own
    assert own.urgent == networks.words()["urgent"]
    with pytest.raises(ModelError, match=r"edited: words[.]json is not the file that the card pins"):
        models.load("edited")
    with pytest.raises(ModelError, match=r"promising: words[.]json: urgent: “You have” says that a patient is ill"):
        models.load("promising")
    assert models.load("kidney").card.name == "kidney"


def test_a_model_that_is_taken_out_of_the_configuration_is_not_served_though_its_files_stay(
    aws: None, folder: Path
) -> None:
    pin = keep("brain", networks.card("brain", NETWORK, accepts=MRI))
    newer = keep("kidney", networks.card("kidney", NETWORK, accepts=CT_KIDNEY, version="7.0.0"))
    entries = {"brain": {"prefix": "brain", "sha256": pin}, "kidney": {"prefix": "kidney", "sha256": newer}}
    assert configured(folder, entries).for_image(BRAIN) is not None
    models = configured(folder, {})
    assert models.names == ["chest_ct", "kidney"]
    assert models.for_image(BRAIN) is None
    assert models.for_image(BRAIN, model="brain") is None
    with pytest.raises(KeyError):
        models.load("brain")
    assert models.load("kidney").card.version == "1.0.0"  # the layer's own again


@dataclass
class Fetching:
    """Objects of S3, which fails while `failing`, and has nothing while `empty`."""

    failing: bool = False
    empty: bool = False

    def get(self, key: str) -> bytes:
        if self.failing:
            raise StorageFailed
        return ModelFiles(BUCKET, "empty/" if self.empty else "models/").get(key)


def with_brain(folder: Path, fetching: Fetching, **more: Any) -> ModelRegistry:
    """Return the models of the folder, and one under a prefix; `more` is configured of that one."""
    entry = {"prefix": "brain", "sha256": keep("brain", networks.card("brain", NETWORK, accepts=MRI)), **more}
    return ModelRegistry(folder, 1769, read_configs(json.dumps({"brain": entry})), fetching.get)


def test_when_s3_fails_it_is_tried_again_and_nothing_is_remembered(aws: None, folder: Path) -> None:
    fetching = Fetching(failing=True)
    models = with_brain(folder, fetching)
    for meant in (None, "brain"):
        with pytest.raises(StorageFailed):
            models.for_image(BRAIN, model=meant)
    with pytest.raises(StorageFailed):
        models.load("brain")
    assert models.failures == {}
    fetching.failing = False
    assert models.for_image(BRAIN) is not None


def test_when_s3_fails_for_one_model_the_others_are_served(aws: None, folder: Path) -> None:
    models = with_brain(folder, Fetching(failing=True))
    assert set(models.cards) == {"chest_ct", "kidney"}
    assert models.names == ["brain", "chest_ct", "kidney"]
    for meant in (None, "kidney"):
        model = models.for_image(KIDNEY, model=meant)
        assert model is not None
        assert model.card.name == "kidney"


def test_a_card_that_cannot_be_had_does_not_turn_its_studies_over_to_another_if_they_are_configured(
    aws: None, folder: Path
) -> None:
    reads_kidneys = {"modalities": ["CT"], "body_parts": ["KIDNEY"], "scan_types": ["CT"]}
    for fetching in (Fetching(failing=True), Fetching(empty=True)):
        with pytest.raises((StorageFailed, ModelError)):
            with_brain(folder, fetching, accepts=reads_kidneys).for_image(KIDNEY)


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "NoSuchKey"])
def test_a_model_that_s3_does_not_give_is_refused_alone(aws: None, folder: Path, code: str) -> None:
    good = keep("good", networks.card("good", NETWORK, accepts=MRI))
    models = configured(
        folder, {"brain": {"prefix": "brain", "sha256": "0" * 64}, "good": {"prefix": "good", "sha256": good}}
    )
    with refused(s3(), "s3.GetObject", 403, {"Error": {"Code": code}}):
        with pytest.raises(ModelError, match="brain: no card"):
            models.load("brain")
        assert set(models.cards) == {"chest_ct", "kidney"}
        assert models.load("kidney").card.name == "kidney"


def test_a_bucket_that_is_not_there_has_nothing(aws: None) -> None:
    with pytest.raises(NotFound):
        ModelFiles("another-bucket", "models/").get("brain/card.json")


def test_a_refusal_is_believed_for_a_while_and_then_looked_at_again(aws: None, folder: Path) -> None:
    document, time, told = networks.card("brain", NETWORK, accepts=MRI), [0.0], list[ModelError]()
    pin = hashlib.sha256(json.dumps(document).encode()).hexdigest()
    served = read_configs(json.dumps({"brain": {"prefix": "brain", "sha256": pin}}))
    fetch = ModelFiles(BUCKET, "models/").get
    models = ModelRegistry(
        folder=folder, memory_mb=1769, configs=served, fetch=fetch, on_error=told.append, clock=lambda: time[0]
    )
    assert models.for_image(BRAIN) is None
    keep("brain", document, network=NETWORK + b"\x00")
    time[0] = RETRY_SECONDS - 1
    with pytest.raises(ModelError, match="no card"):
        models.for_image(BRAIN, model="brain")
    time[0] = RETRY_SECONDS
    with pytest.raises(ModelError, match="not the file its card was written for"):
        models.for_image(BRAIN)
    assert len(told) == 2
    keep("brain", document)
    time[0] = 2 * RETRY_SECONDS
    assert models.for_image(BRAIN) is not None
    assert models.failures == {}
