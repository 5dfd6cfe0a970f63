"""The OpenAPI 3.0 document of the routes: what API Gateway imports and people read, gateway errors included."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

from scanward.errors import (
    MalformedBody,
    NotFound,
    ScanwardError,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
)
from scanward.web.bodies import TOO_LARGE_TEXT, Choice
from scanward.web.families import TABLE, Family, family_of
from scanward.web.request import IDEMPOTENCY_HEADER, MAX_IDEMPOTENCY_KEY
from scanward.web.routes import ANY, METHODS, Media, Route, Routes

# The gateway's name for a refusal → the status it gets (0: the gateway's own) and what it says.
_GATEWAY_ERRORS: dict[str, tuple[int, ScanwardError]] = {
    "DEFAULT_4XX": (0, MalformedBody("The request cannot be read")),
    "DEFAULT_5XX": (0, Unavailable()),
    "MISSING_AUTHENTICATION_TOKEN": (404, NotFound()),
    "REQUEST_TOO_LARGE": (413, TooLarge(TOO_LARGE_TEXT)),
    "UNSUPPORTED_MEDIA_TYPE": (415, UnsupportedMedia()),
    "THROTTLED": (429, TooManyRequests(1)),
    "INTEGRATION_TIMEOUT": (504, Unavailable()),
}

# Such a refusal is one text for all and comes without credentials, so any page may read it; the list of allowed
# origins cannot be matched here, and without the header a browser tells an app that the network failed.
_HEADERS = {
    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
    "gatewayresponse.header.Cache-Control": "'no-store'",
}


def gateway_responses() -> dict[str, Any]:
    """Return what the gateway refuses on its own, in the envelope's shape: such responses are one per API."""
    responses: dict[str, Any] = {}
    for kind, (status, error) in _GATEWAY_ERRORS.items():
        _, body = Family.ENVELOPE.error_body(error)
        responses[kind] = {"responseParameters": dict(_HEADERS), "responseTemplates": {"application/json": body}}
        if status:
            responses[kind]["statusCode"] = status
    return responses


def to_openapi_30(schema: Any) -> Any:
    """Return the same schema in OpenAPI 3.0's dialect: `nullable`, `enum` for `const`, boolean `exclusiveMinimum`."""
    if isinstance(schema, list):
        return [to_openapi_30(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    converted_schema = {key: to_openapi_30(value) for key, value in schema.items() if key not in {"title", "$defs"}}
    if "properties" in converted_schema:  # a property may well be called title
        converted_schema["properties"] = {name: to_openapi_30(value) for name, value in schema["properties"].items()}
    if "const" in converted_schema:
        converted_schema["enum"] = [converted_schema.pop("const")]
    for keyword in ("Minimum", "Maximum"):
        if not isinstance(converted_schema.get(f"exclusive{keyword}", False), bool):
            converted_schema[keyword.lower()], converted_schema[f"exclusive{keyword}"] = (
                converted_schema[f"exclusive{keyword}"],
                True,
            )
    return _nullable(converted_schema)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.get("anyOf", [])
    remaining = [choice for choice in choices if choice != {"type": "null"}]
    if len(remaining) == len(choices):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(remaining) == 1 and "$ref" not in remaining[0]:
        return {**remaining[0], **rest, "nullable": True}
    return {**rest, "allOf" if len(remaining) == 1 else "anyOf": remaining, "nullable": True}


_REF = "#/components/schemas/{model}"
_INVOKE = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Arn}/invocations"
_IDEMPOTENCY_PARAMETER = [
    {"name": IDEMPOTENCY_HEADER, "in": "header", "schema": {"type": "string", "maxLength": MAX_IDEMPOTENCY_KEY}}
]
_ERRORS = {Family.ENVELOPE: "EnvelopeError", Family.FLAT: "FlatError"}
_ERROR_SCHEMAS: dict[str, Any] = {
    "EnvelopeError": {
        "type": "object",
        "required": ["success", "error"],
        "properties": {
            "success": {"type": "boolean", "enum": [False]},
            "error": {
                "type": "object",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": {"type": "string", "enum": sorted({row.code for row in TABLE.values()})},
                    "message": {"type": "string"},
                    "details": {"type": "object"},
                },
            },
        },
    },
    "FlatError": {"type": "object", "description": "`error`, or each broken field with its texts"},
}


def document(slices: Mapping[str, Routes[Any]], version: str) -> dict[str, Any]:
    """Return the document for `slices`: CloudFormation's name of a function → the routes it serves.

    Raises ValueError for sibling path parameters of different names, which AWS refuses and emulators do not, and for a
    path of two functions: neither could say which methods it has, and for two models of one name.
    """
    schemas: dict[str, Any] = dict(_ERROR_SCHEMAS)
    paths: dict[str, Any] = {}
    functions_by_path: dict[str, str] = {}
    for function, routes in slices.items():
        for route in routes.table:
            if functions_by_path.setdefault(route.path, function) != function:
                raise ValueError(f"{route.path}: {functions_by_path[route.path]} serves it, and {function} would too")
            item = paths.setdefault(
                route.path, {verb.lower(): _refused_method(function, route.path) for verb in METHODS}
            )
            if route.method != ANY:
                item[route.method.lower()] = _operation(route, function, routes.tag, schemas)
    _check_siblings(paths)
    return {
        "openapi": "3.0.1",
        "info": {"title": "Scanward", "version": version, "license": {"name": "Apache-2.0"}},
        "x-amazon-apigateway-gateway-responses": gateway_responses(),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route[Any], function: str, tag: str, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "summary": route.summary,
        "tags": [tag],
        "responses": {
            str(route.status): _success(route, schemas),
            "default": {
                "description": "A refusal",
                "content": {"application/json": {"schema": {"$ref": _REF.format(model=_ERRORS[route.family])}}},
            },
        },
        "x-amazon-apigateway-integration": _integration(function),
    }
    parameters = (
        _parameters(route.path) + _query(route.query, schemas) + (_IDEMPOTENCY_PARAMETER if route.idempotent else [])
    )
    if parameters:
        operation["parameters"] = parameters
    if route.audience.token:
        operation["security"] = [{"bearer": []}]
    if route.body:
        schema = _body(route.body, schemas)
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {m.value: {"schema": _form(route, m, schema)} for m in route.media},
        }
    return operation


def _body(body: type[BaseModel] | Choice, schemas: dict[str, Any]) -> dict[str, Any]:
    if isinstance(body, Choice):
        return {"anyOf": [_schema(model, "validation", schemas) for model in (body.present, body.absent)]}
    return _schema(body, "validation", schemas)


def _success(route: Route[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if isinstance(route.answer, str):
        content = {route.answer: {"schema": {"type": "string", "format": "binary"}}}
        return {"description": "The file", "content": content}
    schema = _schema(route.answer, "serialization", schemas)
    if route.family is Family.ENVELOPE:
        success = {"type": "boolean", "enum": [True]}
        schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": success, "data": schema},
        }
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _schema(kind: Any, mode: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema(mode=mode, ref_template=_REF)
    name = getattr(kind, "__name__", None)
    for other, definition in schema.get("$defs", {}).items():
        _component_name(schemas, other, to_openapi_30(definition))
    if name is None or schema.get("type") != "object":
        component: dict[str, Any] = to_openapi_30(schema)
        return component
    _component_name(schemas, name, to_openapi_30(schema))
    return {"$ref": _REF.format(model=name)}


def _component_name(schemas: dict[str, Any], name: str, definition: dict[str, Any]) -> None:
    content = {**definition, "$defs": None}
    if {**schemas.setdefault(name, definition), "$defs": None} != content:
        raise ValueError(f"two models are called {name}, and they differ")


def _form(route: Route[Any], media: Media, schema: dict[str, Any]) -> dict[str, Any]:
    if media is not Media.MULTIPART or not route.files:
        return schema
    files = {name: {"type": "string", "format": "binary"} for name in route.files}
    required_fields = {} if route.files_optional else {"required": list(route.files)}
    return {"allOf": [schema, {"type": "object", "properties": files, **required_fields}]}


def _parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)\+?}", path)
    return [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]


def _query(model: type[BaseModel] | None, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if model is None:
        return []
    whole = TypeAdapter(model).json_schema(ref_template=_REF)
    for name, definition in whole.get("$defs", {}).items():
        _component_name(schemas, name, to_openapi_30(definition))
    schema = to_openapi_30(whole)
    return [
        {"name": name, "in": "query", "schema": field_schema} for name, field_schema in schema["properties"].items()
    ]


def _refused_method(function: str, path: str) -> dict[str, Any]:
    """Return a method that a path does not have: its function answers it as well, in the family's shape.

    Each is spelled out, since emulators do not know API Gateway's "any method". Such operations have no `operationId`.
    """
    error = {"schema": {"$ref": _REF.format(model=_ERRORS[family_of(path)])}}
    operation: dict[str, Any] = {
        "responses": {"default": {"description": "Refused", "content": {"application/json": error}}},
        "x-amazon-apigateway-integration": _integration(function),
    }
    if parameters := _parameters(path):
        operation["parameters"] = parameters
    return operation


def _integration(function: str) -> dict[str, Any]:
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": _INVOKE % function}}


def _check_siblings(paths: Iterable[str]) -> None:
    names: dict[tuple[str, ...], str] = {}
    for path in paths:
        parts = path.strip("/").split("/")
        for depth, part in enumerate(parts):
            if part.startswith("{") and "+" not in part:
                parent = tuple(parts[:depth])
                if names.setdefault(parent, part) != part:
                    raise ValueError(f"{path}: its sibling is called {names[parent]}")
