"""Facts that are a row of a table of their own, whatever else there was in the call. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Table

from sipagent.calls import facts

from .tables import GUARDRAIL_TRIPS, HANDOFFS, RECORDINGS, TOOL_CALLS, TRANSFERS, UNFINISHED
from .writes import json_text


def child_write(fact: facts.Fact) -> tuple[str, dict[str, Any]] | None:
    """Return table and columns of ``fact``, None where it has no table of its own."""
    match fact:
        case facts.ToolCalled():
            return "tool_calls", _as_row(TOOL_CALLS, fact)
        case facts.AgentChanged():
            return "handoffs", _as_row(HANDOFFS, fact)
        case facts.AnswerBlocked():
            return "guardrail_trips", _as_row(GUARDRAIL_TRIPS, fact)
        case facts.TransferEnded():
            return "transfers", _as_row(TRANSFERS, fact)
        case facts.RecordingStarted():
            return "recordings", {**_as_row(RECORDINGS, fact), "paused": "[]", "error": UNFINISHED}
        case facts.CallRecorded(paused=paused):
            return "recordings", {**_as_row(RECORDINGS, fact), "paused": json_text(paused)}
        case facts.MessageTaken():
            return "notes", {"kind": "message", "content": json_text(asdict(fact))}
        case facts.NoteTaken():
            return "notes", {"kind": "note", "content": json_text(asdict(fact))}
        case facts.DigitPressed(digit=digit):
            return "digits", {"kind": "pressed", "shown": digit, "digits": 1}
        case facts.DigitsSent(digits=digits):
            return "digits", {"kind": "sent", "shown": digits, "digits": len(digits)}
        case facts.DigitsAsked(name=name, is_shielded=is_shielded):
            outcome = "shielded" if is_shielded else ""
            return "digits", {"kind": "asked", "name": name, "outcome": outcome}
        case facts.DigitsCollected(name=name, outcome=outcome, digits=count, shown=shown):
            row = {"kind": "collected", "name": name, "outcome": outcome}
            return "digits", {**row, "digits": count, "shown": shown}
        case _:
            return None


def _as_row(table: Table, fact: facts.Fact) -> dict[str, Any]:
    """Return the fields of ``fact`` by column; what has none goes to ``more``."""
    fields = asdict(fact)
    row = {name: value for name, value in fields.items() if name in table.c}
    more = {name: value for name, value in fields.items() if name not in table.c}
    return {**row, "more": json_text(more)} if more else row
