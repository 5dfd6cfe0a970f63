"""What DynamoDB would charge for reading: the cloud of the tests charges nothing, so its answers are counted.

A query is charged for what it looked at, by kilobytes together; a batch for each item alone, as is a single read.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scanward.stores.dynamo import connection


@dataclass
class Units:
    """`calls`: operations in their order. `items`: how many items they looked at. `kilobytes`: of what they gave."""

    calls: list[str] = field(default_factory=list)
    items: int = 0
    kilobytes: int = 0


@contextmanager
def counted() -> Iterator[Units]:
    """Count the reads that happen inside."""
    units, events = Units(), connection().client.meta.events

    def count(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        units.calls.append(model.name)
        found = parsed.get("Items", [])
        for batch in parsed.get("Responses", {}).values() if model.name == "BatchGetItem" else ():
            found = found + batch
        units.items += parsed.get("ScannedCount", len(found))
        units.kilobytes += len(json.dumps(found)) // 1024

    events.register("after-call.dynamodb", count)
    try:
        yield units
    finally:
        events.unregister("after-call.dynamodb", count)


@dataclass
class Consistency:
    """`eventual`: the reads that a replica may answer which lacks the last writes. `consistent`: how many others."""

    eventual: list[tuple[str, Any]] = field(default_factory=list)
    consistent: int = 0


@contextmanager
def eventual_reads() -> Iterator[Consistency]:
    """Tell apart the reads that happen inside. Transactions are consistent without a word of it."""
    reads, events = Consistency(), connection().client.meta.events

    def look(params: dict[str, Any], model: Any, **_: Any) -> None:
        body = json.loads(params["body"])
        for request in body["RequestItems"].values() if model.name == "BatchGetItem" else (body,):
            if request.get("ConsistentRead"):
                reads.consistent += 1
            else:
                reads.eventual.append((model.name, request.get("ExpressionAttributeValues", request.get("Keys"))))

    for operation in ("Query", "GetItem", "BatchGetItem"):
        events.register(f"before-call.dynamodb.{operation}", look)
    try:
        yield reads
    finally:
        for operation in ("Query", "GetItem", "BatchGetItem"):
            events.unregister(f"before-call.dynamodb.{operation}", look)
