"""What lies in tables, buckets and queues or is read by others' tools, collected from the running code.

No name of a class, function or module is part of it: those may change, these may not.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends
from pynamodb.models import Model

from tests.support.cloud import BUCKET, REGION, TABLES

SAMPLES: Mapping[str, Any] = {"int": 1234567890123, "str": "text", "float": 5.0, "bool": True}
QUEUES = ("high", "medium", "low", "own-data", "mail")


def import_all(package: str) -> list[ModuleType]:
    """Import every module of a package."""
    root = import_module(package)
    names = [info.name for info in walk_packages(root.__path__, f"{package}.")]
    return [root, *map(import_module, names)]


def model_shapes() -> list[str]:
    """Return each PynamoDB model as its attributes, types, keys and indexes."""
    import_all("scanward.stores")
    shapes = set()
    for model in _leaves(Model):
        if not model.__module__.startswith("scanward.stores"):
            continue
        attributes = [
            f"{attribute.attr_name}:{attribute.attr_type}"
            f"{':hash' if attribute.is_hash_key else ''}{':range' if attribute.is_range_key else ''}"
            for attribute in model.get_attributes().values()
        ]
        indexes = [f"index {index}" for index in getattr(model, "_indexes", {})]
        shapes.add(" ".join(sorted(attributes) + sorted(indexes)))
    return sorted(shapes)


def _leaves(model: type[Model]) -> Iterator[type[Model]]:
    for child in model.__subclasses__():
        if child.__subclasses__():
            yield from _leaves(child)
        else:
            yield child


def spelled_by(module: ModuleType) -> list[str]:
    """Return the module's constants, and what its functions answer to sample arguments."""
    values = set()
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, str | int):
            values.add(repr(value))
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            values |= {repr(answer) for answer in _answers(value)}
    return sorted(values)


def _answers(function: Any) -> Iterator[Any]:
    signature = inspect.signature(function)
    arguments: list[Any] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if inspect.isclass(kind) and issubclass(kind, StrEnum):
            arguments.append(next(iter(kind)))
        else:
            arguments.append(SAMPLES[getattr(kind, "__name__", str(kind).split(" ", maxsplit=1)[0])])
    if [type(argument) for argument in arguments] == [str]:
        arguments = ["0000000000001#0000000000000002"]  # what reads a key is given one
    yield function(*arguments)


def enumerations(package: str) -> list[list[str]]:
    """Return the values of each enumeration of words in a package."""
    kinds = {
        value
        for module in import_all(package)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, StrEnum) and value.__module__.startswith(package)
    }
    return sorted(sorted(kind) for kind in kinds)


def item_shapes() -> list[str]:
    """Return how the items in all tables are keyed, and the names of what is in them, however deep."""
    shapes = set()
    for table in TABLES.values():
        for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                place = f"{table} {_shape(item['pk']['S'])} {_shape(item['sk']['S'])}"
                shapes |= {f"{place} {name}" for key, value in item.items() for name in _names(key, value)}
    return sorted(shapes)


def _shape(text: str) -> str:
    """Return a key with ids, times and hash left out."""
    words = [re.sub(r"^(?=.*\d)[\w-]+={0,2}$|^[\w-]{22,}$", "*", word) for word in text.split("#")]
    return "#".join(words[:1] + ["*" if word != word.upper() else word for word in words[1:]])


def _names(name: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attribute and, of maps and of JSON in text, what is in them."""
    kind, content = next(iter(value.items()))
    name = re.sub(r"^(m)\d+$|^(f)[0-9a-f]{8,}$", lambda match: f"{match[1] or match[2]}*", name)
    if kind == "M":
        for key, inner in content.items():
            yield from _names(f"{name}.{'*' if name == 'sessions' else key}", inner)
    elif kind == "S" and content[:1] == "{":
        yield from _json_names(name, json.loads(content))
    else:
        yield f"{name}:{kind}"


def _json_names(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_names(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _json_names(f"{name}[]", inner)
    else:
        yield name


def log_words() -> list[str]:
    """Return the actions and kinds in the access log, and what changed."""
    words = set()
    for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=TABLES["CLINIC_TABLE"]):
        rows = [item for item in page["Items"] if item["pk"]["S"].startswith("ACCESS#")]
        words |= {f"{item['action']['S']} {item['resource']['S']}" for item in rows}
        words |= {f"{item['action']['S']} {item['change']['S']}" for item in rows if "change" in item}
    return sorted(words)


def object_shapes() -> list[str]:
    """Return the keys in the bucket, with ids and random names left out."""
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    names = {item["Key"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]}
    return sorted(
        {"/".join("*" if re.search(r"\d|[\w-]{16,}", part) else part for part in n.split("/")) for n in names}
    )


def export_shapes() -> list[str]:
    """Return the files of each export in the bucket, and the names in them."""
    shapes = set()
    for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="exports/")["Contents"]:
        content = boto3.client("s3").get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        if not content.startswith(b"PK"):
            continue
        with ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    shapes |= {f"{name} {path}" for path in _json_names("", json.loads(archive.read(name)))}
    return sorted(shapes)


def message_shapes() -> list[str]:
    """Return the names in the messages that wait in the queues, and the words among their values."""
    sqs, shapes = boto3.client("sqs"), set()
    for backend in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.values():
        for waiting in backend._messages:
            waiting.delayed_until = 0  # what is to come later is read with the rest, however long all this took
    for queue in QUEUES:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                shapes.add(f"{queue} {json.dumps(_types(json.loads(message['Body'])))}")
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return sorted(shapes)


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _types(inner) for key, inner in value.items()}
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z-]+", value) else type(value).__name__


class Recorded(dict[str, str]):
    """An environment in which everything is set, which remembers what it was asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self._values = {"MODELS": "{}", "MODELS_DIR": str(root), "REFERENCE_MODELS": "on"}

    def get(self, name: str, default: Any = None) -> Any:
        """Remember the name, and answer a number, which is a text as well."""
        self.asked.add(name)
        return self._values.get(name, "1")


def frozen() -> Mapping[str, Sequence[Any]]:
    """Read the list that everything is compared with."""
    loaded: Mapping[str, Sequence[Any]] = json.loads((Path(__file__).parent / "frozen.json").read_text())
    return loaded
