"""Reads what ``response.done`` says of a response; wrong fields count as absent."""

from __future__ import annotations

from typing import Any

from .events import ResponseDone, TokenUsage


def response_done(response: dict[str, Any], *, now: float) -> ResponseDone:
    """Return how ``response`` ended (Realtime: the response object)."""
    details, usage = _object(response.get("status_details")), _object(response.get("usage"))
    return ResponseDone(
        str(response.get("id", "")),
        str(response.get("status", "")),
        str(details.get("reason") or ""),
        str(_object(details.get("error")).get("code") or ""),
        TokenUsage(_count(usage.get("input_tokens")), _count(usage.get("output_tokens"))),
        now,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return max(0, int(value)) if isinstance(value, int | float) else 0
