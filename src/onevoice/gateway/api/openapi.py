"""The OpenAPI 3.1 document, made from the endpoints and the structs that they take and return."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from onevoice import __version__
from onevoice.gateway.api.endpoint import Endpoint
from onevoice.gateway.api.shapes import Problem

PREFIX = "/api/v1"
REFERENCE = "#/components/schemas/{name}"
#: What each error status says.
ERRORS = {
    400: "What was sent cannot be read.",
    401: "The key is missing, unknown or revoked.",
    403: "The key lacks the scope.",
    404: "There is nothing of that name.",
    409: "This is not allowed now.",
    413: "The body is too large.",
    429: "The key asks too often; Retry-After says how many seconds to wait.",
    503: "A store cannot be reached; Retry-After says how many seconds to wait.",
}
ALWAYS = (400, 401, 403, 413, 429, 503)


def document(endpoints: Sequence[Endpoint], url: str) -> dict[str, Any]:
    """Return the document."""
    types = {one.answer for one in endpoints} | {one.body for one in endpoints if one.body} | {Problem}
    _, schemas = msgspec.json.schema_components(sorted(types, key=lambda one: one.__name__), ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Onevoice machine API",
            "version": __version__,
            "description": "People, audiences and offers for the company's own servers.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "security": [{"secret_key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "secret_key": {"type": "http", "scheme": "bearer", "description": "A secret key, sk_…, with scopes."}
            },
        },
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.method.lower() + re.sub(r"\W+", "_", one.path).rstrip("_"),
        "summary": one.summary,
        "description": f"Needs the scope `{one.scope}`.",
        "parameters": [*_path(one), *_query(one)],
        "responses": {str(one.status): {"description": "Done.", "content": _content(one.answer)}} | _errors(one),
    }
    if one.body is not None:
        made["requestBody"] = {"required": True, "content": _content(one.body)}
    return made


def _path(one: Endpoint) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1}
    names = re.findall(r"\{(\w+)\}", one.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query(one: Endpoint) -> list[dict[str, Any]]:
    listed = [
        {"name": each.name, "in": "query", "required": each.required, "description": each.text, "schema": each.schema}
        for each in one.query
    ]
    if not one.open_query:
        return listed
    schema = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1, "maxProperties": 1}
    free = {"name": "identifier", "in": "query", "required": True, "style": "form", "explode": True}
    return [*listed, {**free, "description": f"The name is {one.open_query}.", "schema": schema}]


def _errors(one: Endpoint) -> dict[str, Any]:
    return {
        str(status): {"description": ERRORS[status], "content": _content(Problem)}
        for status in sorted({*ALWAYS, *one.errors})
    }


def _content(shape: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REFERENCE.format(name=shape.__name__)}}}
