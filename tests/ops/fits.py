"""Whether what the API answers is what its document says."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """Return what the document says of a request; the query of ``path`` is of no matter."""
    for template, methods in document["paths"].items():
        pattern = "[^/]+".join(re.escape(part) for part in re.split(r"{\w+}", template))
        if re.fullmatch(pattern, path.partition("?")[0]) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    raise AssertionError(f"{method} {path} is not in the document")


def check_answer(
    document: dict[str, Any], method: str, path: str, status: int, content: Any
) -> None:
    """Raise unless the answer is one of those that the document has."""
    responses = operation(document, method, path)["responses"]
    assert str(status) in responses, f"{status} to {method} {path} is not in the document"
    schema = responses[str(status)]["content"]["application/json"].get("schema")
    if schema is not None:
        check_shape(document, schema["$ref"].rpartition("/")[2], content)


def check_shape(document: dict[str, Any], name: str, content: Any) -> None:
    """Raise unless ``content`` is what the document has under ``name``."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(content)
