"""Answers a guardrail looks at, as an endpoint tells them."""

from __future__ import annotations

from typing import Any

from sipagent.realtime.guardrail_runs import Check, GuardrailRuns, Tripwire

POLITICS = Tripwire("no politics", "we do not talk about politics", {"word": "election"})


def speaking(debounce: int = 10) -> GuardrailRuns:
    runs = GuardrailRuns(debounce)
    runs.response_started("r")
    return runs


def message(item_id: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "role": "assistant", "content": list(parts)}


def spoken(text: str) -> dict[str, Any]:
    return {"type": "output_audio", "transcript": text}


def written(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text}


def done(*output: dict[str, Any], response_id: str = "r") -> dict[str, Any]:
    return {"id": response_id, "status": "completed", "output": list(output)}


def said(runs: GuardrailRuns, text: str, item_id: str = "a", response_id: str = "r") -> Check:
    """Tell ``text``, which must be worth a run."""
    check = runs.text_delta(response_id, item_id, text, "audio")
    assert check is not None
    return check
