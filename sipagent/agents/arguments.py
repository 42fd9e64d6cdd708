"""Arguments of a function call: JSON text from the model, which may be anything."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .tool_errors import ToolArgumentsInvalid


def parse_arguments(text: str) -> dict[str, Any]:
    """Return the JSON object in ``text``; empty text is an empty object.

    Raises:
        ToolArgumentsInvalid: If it is not JSON, or not an object.
    """
    try:
        parsed = json.loads(text or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ToolArgumentsInvalid(f"arguments are not JSON ({type(error).__name__})") from error
    if not isinstance(parsed, dict):
        raise ToolArgumentsInvalid("arguments are not a JSON object")
    return parsed


def canonical_arguments(text: str) -> str:
    """Return ``text`` such that the same arguments are the same text, however they were written.

    What is no JSON object stands for itself, which no object does.
    """
    try:
        return json.dumps(
            parse_arguments(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
    except (ToolArgumentsInvalid, RecursionError):
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
