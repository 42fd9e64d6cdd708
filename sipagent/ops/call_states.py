"""Tells the supervisor how far the calls are that we placed, made of their facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sipagent.calls import facts

from .channel import CallChanged, Message


class CallStates:
    """An observer of calls.

    Args:
        send: Of the channel.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._outgoing: set[str] = set()

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Pass on what the API shows of a call."""
        if isinstance(fact, facts.CallOffered) and fact.direction == "outgoing":
            self._outgoing.add(call_id)
        if call_id not in self._outgoing:
            return
        is_over = isinstance(fact, facts.CallEnded)
        if is_over:
            self._outgoing.discard(call_id)
        if (change := _change(fact)) is not None:
            self._send(CallChanged(call_id, change, is_over))


def _change(fact: facts.Fact) -> dict[str, Any] | None:
    match fact:
        case facts.CalleeRang():
            return {"state": "ringing"}
        case facts.CallAnswered():
            return {"state": "answered"}
        case facts.CalleeDetected():
            return {"callee": asdict(fact)}
        case facts.CallEnded(termination=end, duration_ms=duration_ms):
            return {
                "state": "ended",
                "result": end.result.value,
                "reason": end.reason.value,
                "detail": end.detail,
                "sip_status": end.sip_status,
                "duration_ms": duration_ms,
            }
        case _:
            return None
