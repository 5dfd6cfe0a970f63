"""The stream of the clinic's table, which moto has not: new entries as records, handed to the function that seals."""

from importlib import import_module
from typing import Any

import boto3

from tests.support.cloud import TABLES

Item = dict[str, dict[str, Any]]


def entries() -> list[Item]:
    """Return all entries of all access logs by log and time, in DynamoDB's own spelling."""
    items: list[Item] = boto3.client("dynamodb").scan(TableName=TABLES["CLINIC_TABLE"])["Items"]  # type: ignore[assignment]
    rows = [item for item in items if item["pk"]["S"].startswith("ACCESS#")]
    return sorted(rows, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def record(item: Item, number: int = 0) -> dict[str, Any]:
    """Return what the stream says of an entry that was written when it says."""
    return {
        "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": int(item["at_ms"]["N"]) // 1000,
            "Keys": {name: item[name] for name in ("pk", "sk")},
            "NewImage": item,
            "SequenceNumber": str(number),
        },
    }


def seal(items: list[Item]) -> Any:
    """Have the function seal entries, as one batch."""
    handler = import_module("functions.records.seal_handler")
    return handler.app({"Records": [record(item, number) for number, item in enumerate(items)]}, None)
