"""A model on trial: in the bucket and in the functions' variable, and out of both again."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.errors import UserError
from infra.local.clients import serve_model, withdraw_model
from tests.support import networks
from tests.support.cloud import BUCKET

OTHER = {"other": {"prefix": "other/1", "sha256": "0" * 64}}


@pytest.fixture
def readers(aws: None) -> Any:
    """Provide Lambda with the two functions that run models."""
    policy = {"Version": "2012-10-17", "Statement": []}
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    client = boto3.client("lambda")
    for name in ("inference", "predict"):
        client.create_function(
            FunctionName=f"scanward-{name}",
            Runtime="python3.11",
            Role=role,
            Handler="app.app",
            Code={"ZipFile": code.getvalue()},
            Environment={
                "Variables": {
                    "BUCKET": BUCKET,
                    "MODELS_BUCKET": BUCKET,
                    "MODELS_PREFIX": "models/",
                    "MODELS": json.dumps(OTHER),
                }
            },
        )
    return client


def configured(readers: Any) -> list[dict[str, Any]]:
    names = ("scanward-inference", "scanward-predict")
    variables = [readers.get_function_configuration(FunctionName=name)["Environment"]["Variables"] for name in names]
    assert all(each["BUCKET"] == BUCKET for each in variables)
    return [json.loads(each["MODELS"]) for each in variables]


def keys() -> list[str]:
    return [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_model_on_trial_is_served_by_its_pin_and_leaves_nothing_behind(readers: Any, tmp_path: Path) -> None:
    network = networks.quarters()
    document = networks.card("quarters", network)
    files = networks.pin(document, words=networks.words())
    home = networks.write(tmp_path, document, network)
    (home / "words.json").write_bytes(files["words.json"])
    s3 = boto3.client("s3")
    assert serve_model(s3, readers, home) == "quarters"
    pin = hashlib.sha256((home / "card.json").read_bytes()).hexdigest()
    entry = {"prefix": f"quarters/try-{pin[:12]}", "sha256": pin}
    assert configured(readers) == [{**OTHER, "quarters": entry}] * 2
    assert {key.rpartition("/")[2] for key in keys()} == {"card.json", "model.onnx", "words.json"}
    assert all(key.startswith(f"models/{entry['prefix']}/") for key in keys())
    assert withdraw_model(s3, readers, "quarters")
    assert configured(readers) == [OTHER] * 2
    assert keys() == []
    assert not withdraw_model(s3, readers, "quarters")


def test_trial_without_a_stack_or_a_model_says_what_to_do(aws: None, tmp_path: Path) -> None:
    s3, functions = boto3.client("s3"), boto3.client("lambda")
    with pytest.raises(UserError, match="holds no model"):
        serve_model(s3, functions, tmp_path)
    network = networks.quarters()
    home = networks.write(tmp_path, networks.card("quarters", network), network)
    with pytest.raises(UserError, match="No stack is deployed"):
        serve_model(s3, functions, home)
