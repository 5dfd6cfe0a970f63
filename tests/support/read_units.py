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
