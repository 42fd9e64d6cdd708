"""A call of the store as the API shows every call, wherever it is. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .api_shapes import CallShown, TurnShown, defaults
from .clock import shown_time

_SAME = (
    *("call_id", "direction", "plan", "agent", "caller", "called", "started_at", "answered_at"),
    *("ended_at", "turn_gap_ms", "mos_in", "mos_out", "input_tokens", "output_tokens", "model"),
    *("cost", "box", "reason", "detail", "sip_status", "duration_ms", "trunk"),
)
_ONLY_WHOLE = ("source_address", "sip_call_id", "realtime_call_id", "codec")


def past_shown(call: dict[str, Any]) -> dict[str, Any]:
    """Return a call of the store, whole or in a list, as the API shows calls."""
    line = call.get("line") or {}
    known = {name: call[name] for name in _SAME if call.get(name) is not None}
    known |= {name: call[name] for name in _ONLY_WHOLE if call.get(name)}
    return {
        **defaults(CallShown),
        **known,
        "state": _state(call),
        "attached": bool(call.get("realtime_call_id")),
        "result": call["result"] or None,
        "reason": call["reason"] or None,
        "callee": call.get("callee") or None,
        "loss_in_percent": _percent(line, "in"),
        "loss_out_percent": _percent(line, "out"),
        "jitter_ms": line.get("jitter_ms"),
        "rtt_ms": line.get("rtt_ms"),
    }


def past_turns(call: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was said on a whole call of the store."""
    began = datetime.fromisoformat(call["started_at"]).timestamp()
    return [
        {
            **defaults(TurnShown),
            "seq": number,
            "at": shown_time(began + turn["at_ms"] / 1000),
            **_said(turn),
        }
        for number, turn in enumerate(call["turns"], start=1)
    ]


def _said(turn: dict[str, Any]) -> dict[str, Any]:
    unfinished = turn.get("unfinished", False)
    if turn["who"] == "caller":
        said = {"text": turn["said"], "heard": turn["said"]}
        return {"who": "caller", **said, "unfinished": unfinished}
    return {
        "who": "agent",
        "unfinished": unfinished,
        "agent": turn["who"],
        "text": turn["said"],
        **{name: turn[name] for name in ("heard", "heard_ms", "interrupted")},
    }


def _state(call: dict[str, Any]) -> str:
    if call["ended_at"] is not None:
        return "ended"
    return "talking" if call["answered_at"] is not None else "ringing"


def _percent(line: dict[str, Any], direction: str) -> float | None:
    packets, lost = line.get(f"packets_{direction}", 0), line.get(f"lost_{direction}", 0)
    whole = packets + (lost if direction == "in" else 0)
    return round(100 * lost / whole, 2) if whole else None
