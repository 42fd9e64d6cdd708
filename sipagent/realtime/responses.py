"""Reads what ``response.done`` says of a response; wrong fields count as absent."""

from __future__ import annotations

from typing import Any

from .events import ResponseDone
from .response_texts import texts
from .usage import response_usage


def response_done(response: dict[str, Any], *, now: float) -> ResponseDone:
    """Return how ``response`` ended (Realtime: the response object)."""
    details = _object(response.get("status_details"))
    return ResponseDone(
        str(response.get("id", "")),
        str(response.get("status", "")),
        str(details.get("reason") or ""),
        str(_object(details.get("error")).get("code") or ""),
        response_usage(response.get("usage")),
        now,
    )


def last_text(response: dict[str, Any]) -> str:
    """Return the last text or transcript of ``response``; empty when it has none."""
    return next((text for _, _, text in texts(response)), "")


def is_out_of_band(response: dict[str, Any]) -> bool:
    """Tell whether ``response`` is no part of the conversation; who says nothing of it is."""
    return "conversation_id" in response and response["conversation_id"] is None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
