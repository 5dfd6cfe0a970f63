"""PynamoDB attributes that its own do not cover."""

import json
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import STRING


class JSONText(Attribute[dict[str, Any]]):
    """A JSON object kept as text: a result is written once and read whole, so no map of typed values is needed."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)

    def deserialize(self, value: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(value)
        return parsed
