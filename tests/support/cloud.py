"""An AWS in the test's own process (moto), with the tables and the bucket as template.yaml describes them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
import yaml
from moto import mock_aws
from moto.core.model_instances import model_data

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "images"
SECRET = "token-keys"
MARK = "6af3ef50-0000-11f0-be56-0242ac120002"
KEY = "a key for tests, long enough for HS256"
REGION: Final = "eu-central-1"
LANES = ("HIGH", "MEDIUM", "LOW")
TABLES = {
    "ACCOUNTS_TABLE": "AccountsTable",
    "SCANS_TABLE": "ScansTable",
    "CONNECTIONS_TABLE": "ConnectionsTable",
    "CLINIC_TABLE": "ClinicTable",
}


class _Untracked(list[Any]):
    """Keeps nothing of what it is given."""

    def append(self, _: Any) -> None:
        """Forget it at once."""


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms as plain values."""


_Template.add_multi_constructor("!", lambda loader, _, node: _plain(loader, node))


def _plain(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


@cache
def template(name: str = "template.yaml") -> dict[str, Any]:
    """Return a template, with every intrinsic function as its plain argument. Read once: reading takes a while."""
    loaded: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader=_Template)  # noqa: S506
    return loaded


@cache
def _client(service: str) -> Any:
    """Return one for all tests: moto answers below it, whichever cloud is up, and making one takes a while too."""
    return boto3.client(service)  # type: ignore[call-overload]


@contextmanager
def cloud() -> Iterator[None]:
    """Tables, a versioned bucket, three lanes and what comes before them, the token keys."""
    with mock_aws():
        resources = template()["Resources"]
        dynamodb = _client("dynamodb")
        for name in TABLES.values():
            wanted = resources[name]["Properties"]
            given = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            dynamodb.create_table(TableName=name, **{key: wanted[key] for key in given if key in wanted})
        # A transaction copies its tables, and moto's dashboard keeps each copy: gigabytes after a thousand of them.
        for model in model_data["dynamodb"].values():
            model.instances_tracked = _Untracked()  # type: ignore[attr-defined]
        s3 = _client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for lane in LANES:
            _client("sqs").create_queue(QueueName=lane.lower())
            _client("sqs").create_queue(QueueName=f"{lane.lower()}-arrivals")
        for queue in ("own-data", "mail"):
            _client("sqs").create_queue(QueueName=queue)
        secret = json.dumps({"current": "k1", "k1": KEY})
        _client("secretsmanager").create_secret(Name=SECRET, SecretString=secret)
        yield
