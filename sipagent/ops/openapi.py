"""The document of the admin API (OpenAPI 3.1), made of its routes and shapes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from .api_routes import Answer, Route
from .api_shapes import Error

REFERENCE = "#/components/schemas/{model}"

_EVERY: dict[int, Answer] = {
    401: Answer("No token, or a wrong one.", Error),
    403: Answer("Not with this token, or not from there.", Error),
    429: Answer("Too many wrong tokens.", Error),
}


def openapi_document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Return the document.

    Args:
        routes: All there are.
        version: Of the package.
    """
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.whole_path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sipagent",
            "version": version,
            "description": "Calls there are and were, and what people on duty may do about them.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    answers = {**_EVERY, **route.answers}
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": f"Needs a token with the role `{route.role}`.",
        "responses": {
            str(status): _response(answer, schemas) for status, answer in sorted(answers.items())
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in route.query.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        schema = _schema(route.body, schemas)
        operation["requestBody"] = {
            "required": not route.is_body_optional,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", re.sub(r"{\w+}", "one", route.path))
    return "_".join([route.method.lower(), *words])


def _response(answer: Answer, schemas: dict[str, Any]) -> dict[str, Any]:
    content = {} if answer.shape is None else {"schema": _schema(answer.shape, schemas)}
    return {"description": answer.description, "content": {answer.content_type: content}}


def _schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"$ref": REFERENCE.format(model=model.__name__)}
