"""Where the words of a response are (Realtime: the response object). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def texts(response: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield the texts of ``response``, the last first; wrong fields count as absent.

    Yields:
        The item, the field (``transcript`` or ``text``) and the text, which is not empty.
    """
    for item in _objects(response.get("output")):
        for part in _objects(item.get("content")):
            for field in ("transcript", "text"):
                if isinstance(text := part.get(field), str) and text:
                    yield item, field, text


def _objects(values: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list, the last first."""
    for value in reversed(values if isinstance(values, list) else []):
        if isinstance(value, dict):
            yield value
