"""Models under an S3 prefix: pinned by hash, served beside the shipped ones, refused one by one."""

import hashlib
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.inference.models import Models, Tell, configured_models
from functions.inference.served import ConfigurationRefused, ModelSettings, read_served
from imaging.picture import ImageFacts
from imaging.refusal import ModelRefused
from scanward.settings import Environment
from scanward.stores.model_files import ModelFiles
from scanward.stores.objects import StorageFailed
from tests.cloud import BUCKET
from tests.imaging import networks

NETWORK = networks.quarters()
CT_KIDNEY = {"body_parts": ["KIDNEY", "ABDOMEN"]}
MRI = {"modalities": ["MR"], "body_parts": ["BRAIN", "HEAD"], "scan_types": ["MRI"]}
BRAIN = ImageFacts("DICOM", 64, 64, 8, modality="MR", body_part="BRAIN")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models of the layer."""
    for name, accepts in (("kidney", CT_KIDNEY), ("chest_ct", {"body_parts": ["CHEST"]})):
        networks.write(tmp_path, networks.card(name, NETWORK, accepts=accepts), NETWORK)
    return tmp_path


def keep(prefix: str, document: dict[str, Any], network: bytes = NETWORK) -> str:
    """Puts a model into S3; gives its card's sha256."""
    text = json.dumps(document).encode()
    for name, content in (("card.json", text), ("model.onnx", network)):
        boto3.client("s3").put_object(Bucket=BUCKET, Key=f"models/{prefix}/{name}", Body=content)
    return hashlib.sha256(text).hexdigest()


def configured(folder: Path, served: dict[str, Any], tell: Tell | None = None) -> Models:
    env = Environment({"BUCKET": BUCKET, "MODELS": json.dumps(served)})
    return configured_models(ModelSettings.read(env), folder, 1769, tell)


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
    told: list[ModelRefused] = []
    models = configured(folder, served, told.append)
    for name in set(served) - {"good"}:
        for _ in range(2):
            with pytest.raises(ModelRefused, match=name):
                models.load(name)
    assert len(told) == len(served) - 1
    assert models.load("good").card.name == "good"
    assert models.load("kidney").card.name == "kidney"


def test_when_s3_fails_it_is_tried_again_and_nothing_is_remembered(aws: None, folder: Path) -> None:
    pin = keep("brain", networks.card("brain", NETWORK, accepts=MRI))
    files, failing = ModelFiles(BUCKET, "models/"), [True]

    def fetch(key: str) -> bytes:
        if failing.pop() if failing else False:
            raise StorageFailed
        return files.get(key)

    models = Models(folder, 1769, read_served(json.dumps({"brain": {"prefix": "brain", "sha256": pin}})), fetch)
    with pytest.raises(StorageFailed):
        models.for_image(BRAIN)
    assert models.refused == {}
    assert models.for_image(BRAIN) is not None


def test_a_bucket_that_is_not_there_is_a_failure_of_storage(aws: None) -> None:
    with pytest.raises(StorageFailed):
        ModelFiles("another-bucket", "models/").get("brain/card.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"brain": 7}',
        '{"Brain!": {}}',
        '{"brain": {"prefix": "brain"}}',
        '{"brain": {"sha256": "' + "0" * 64 + '"}}',
        '{"brain": {"prefix": "../brain", "sha256": "' + "0" * 64 + '"}}',
        '{"brain": {"prefix": "/brain", "sha256": "' + "0" * 64 + '"}}',
        '{"brain": {"prefix": "brain", "sha256": "0"}}',
        '{"brain": {"path": "brain"}}',
    ],
)
def test_a_configuration_that_is_none_stops_the_function(text: str) -> None:
    with pytest.raises(ConfigurationRefused, match="MODELS: "):
        read_served(text)
