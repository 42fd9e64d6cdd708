"""Calls of the store as lines people read. Pure.

What callers say and send is shown without control characters: a terminal obeys those.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .call_json import Json


def call_line(call: Json) -> str:
    """Return a call of a list as one line."""
    began = datetime.fromisoformat(call["started_at"]).astimezone()
    talked_s = round(call["duration_ms"] / 1000)
    end = "goes on" if call["is_open"] else f"{call['result']} {call['reason']}"
    who = f"{call['caller'] or '?'} > {call['called'] or '?'}"
    line = f"{began:%Y-%m-%d %H:%M:%S}  {call['call_id']}  {call['plan'] or '-':<16}  {who:<36}"
    return shown(f"{line}  {talked_s // 60:>3}:{talked_s % 60:02}  {end}")


def call_lines(call: Json) -> Iterator[str]:
    """Yield what is known of a call: how it went, then what was said."""
    yield call_line(call)
    facts = {
        "trunk": call["trunk"],
        "agents": ", ".join(call["agents"]),
        "detail": call["detail"],
        "turn gap": _unit(call["turn_gap_ms"], "ms"),
        "heard by us": _unit(call["mos_in"], "MOS"),
        "heard by the caller": _unit(call["mos_out"], "MOS"),
        "tokens": f"{call['input_tokens']} in, {call['output_tokens']} out",
        "cost": _unit(call["cost"], ""),
        "recording": call["recording"].get("path", ""),
    }
    for name, value in facts.items():
        if value:
            yield shown(f"  {name}: {value}")
    for turn in call["turns"]:
        tenths = round(turn["at_ms"] / 100)
        moment = f"{tenths // 600:02}:{tenths % 600 / 10:04.1f}"
        cut = " -- (interrupted)" if turn.get("interrupted") else ""
        cut = " -- (cut off)" if turn.get("unfinished") else cut
        said = turn.get("heard", turn["said"]) if cut else turn["said"]
        yield shown(f"  {moment}  {turn['who']:>12}: {said}{cut}")


def shown(text: str) -> str:
    """Return ``text`` on one line, without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value} {unit}".strip()
