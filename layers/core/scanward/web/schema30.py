"""Pydantic writes JSON Schema 2020-12; API Gateway imports OpenAPI 3.0. This is the way down."""

from typing import Any


def downgraded(schema: Any) -> Any:
    """The same schema in OpenAPI 3.0's dialect: `nullable`, `enum` for `const`, boolean `exclusiveMinimum`."""
    if isinstance(schema, list):
        return [downgraded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: downgraded(value) for key, value in schema.items() if key not in {"title", "$defs"}}
    if "properties" in found:  # a property may well be called title
        found["properties"] = {name: downgraded(value) for name, value in schema["properties"].items()}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    for bound in ("Minimum", "Maximum"):
        if not isinstance(found.get(f"exclusive{bound}", False), bool):
            found[bound.lower()], found[f"exclusive{bound}"] = found[f"exclusive{bound}"], True
    return _nullable(found)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.get("anyOf", [])
    kept = [choice for choice in choices if choice != {"type": "null"}]
    if len(kept) == len(choices):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(kept) == 1 and "$ref" not in kept[0]:
        return {**kept[0], **rest, "nullable": True}
    return {**rest, "allOf" if len(kept) == 1 else "anyOf": kept, "nullable": True}
