"""A flight record as one page of HTML that needs nothing else: no script, nothing from elsewhere.

Whatever callers, models and peers wrote is text on it. Lanes above, one clock for all: who was
heard, how loud, tools, what went wrong; below, everything in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from .record import Flight, Noted, Sip

WIDTH_PX = 1_000
LANE_PX = 22
MAX_TEXT = 2_000
FLOOR_DBOV = -70.0

LANES = ("caller", "agent", "tools", "marks")

MARKS = {
    "BargedIn": "barge-in",
    "AgentChanged": "handoff",
    "AnswerBlocked": "guardrail",
    "SessionLost": "session lost",
    "SilenceNamed": "silent",
    "CallHeld": "held",
    "CallResumed": "back",
    "ErrorReported": "error",
    "TransferStarted": "transfer",
    "OperatorActed": "operator",
    "CallEnded": "end",
}
"""Facts that stand on the lane of marks."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted."""

    lane: str
    start: float
    end: float
    text: str


def flight_page(flight: Flight, *, recording: str = "") -> str:
    """Return the page.

    Args:
        flight: What happened.
        recording: File beside the page; ``""``: none.
    """
    shown = _summary(flight)
    length = max((each.at for each in flight.facts), default=0.0) or 1.0
    began = datetime.fromtimestamp(flight.began_at, UTC).isoformat(timespec="milliseconds")
    player = f'<audio controls src="{escape(recording)}"></audio>' if recording else ""
    return Template(_template()).substitute(
        title=escape(f"Call {flight.call_id}"),
        began=escape(began),
        summary="".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in shown),
        player=player,
        lanes=_lanes(flight, length),
        rows="".join(_rows(flight)),
    )


def spans(facts: Iterable[Noted]) -> list[Span]:
    """Return what lasted: turns of caller and agent, tools."""
    found: list[Span] = []
    began: dict[str, float] = {}
    for each in facts:
        item = str(each.fields.get("item_id", ""))
        match each.name:
            case "CallerSpeechStarted" | "AgentSoundStarted":
                began[item] = each.at
            case "CallerSpeechStopped" if item in began:
                found.append(Span("caller", began.pop(item), each.at, "speaks"))
            case "AgentSaid" if item in began:
                start = began.pop(item)
                heard_s = each.fields.get("heard_ms", 0) / 1000
                text = str(each.fields.get("heard", ""))
                found.append(Span("agent", start, max(start, start + heard_s), text))
            case "ToolCalled":
                start = max(0.0, each.at - each.fields.get("duration_ms", 0) / 1000)
                found.append(Span("tools", start, each.at, str(each.fields.get("name", ""))))
            case _:
                pass
    return found


def _summary(flight: Flight) -> list[tuple[str, str]]:
    shown = {"saved because": flight.why}
    for each in flight.facts:
        match each.name:
            case "CallOffered":
                for name in ("direction", "caller", "called", "sip_call_id"):
                    shown[name] = str(each.fields.get(name, ""))
            case "CallRouted":
                shown["plan"] = str(each.fields.get("plan", ""))
            case "CallEnded":
                end = each.fields.get("termination", {})
                shown["ended"] = " ".join(str(end.get(key, "")) for key in ("result", "reason"))
                shown["detail"] = str(end.get("detail", ""))
                shown["talked"] = f"{each.fields.get('duration_ms', 0) / 1000:.1f} s"
            case _:
                pass
    return [(name, text) for name, text in shown.items() if text]


def _lanes(flight: Flight, length: float) -> str:
    scale = WIDTH_PX / length
    parts = []
    for index, lane in enumerate(LANES):
        y = index * LANE_PX
        parts.append(f'<text class="name" x="0" y="{y + 15}">{lane}</text>')
    for span in spans(flight.facts):
        y = LANES.index(span.lane) * LANE_PX + 3
        width = max(2.0, (span.end - span.start) * scale)
        parts.append(
            f'<rect class="{span.lane}" x="{90 + span.start * scale:.1f}" y="{y}" '
            f'width="{width:.1f}" height="{LANE_PX - 6}"><title>{escape(span.text[:MAX_TEXT])}'
            f" ({span.start:.1f}-{span.end:.1f} s)</title></rect>"
        )
    y = LANES.index("marks") * LANE_PX + 11
    for each in flight.facts:
        if (mark := MARKS.get(each.name)) is not None:
            parts.append(
                f'<circle class="mark" cx="{90 + each.at * scale:.1f}" cy="{y}" r="5">'
                f"<title>{escape(mark)} {each.at:.2f} s</title></circle>"
            )
    top = len(LANES) * LANE_PX
    for index, (name, key) in enumerate((("caller", "level_in_dbov"), ("agent", "level_out_dbov"))):
        y = top + index * 44
        parts.append(f'<text class="name" x="0" y="{y + 28}">level</text>')
        points = [
            f"{90 + each.at * scale:.1f},{y + 40 - _height(each.fields.get(key)):.1f}"
            for each in flight.named("SecondSeen")
        ]
        parts.append(f'<polyline class="{name}" points="{" ".join(points)}"/>')
    height = top + 90
    for second in _ticks(length):
        x = 90 + second * scale
        parts.append(f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height}"/>')
        parts.append(f'<text class="tick" x="{x + 2:.1f}" y="{height + 11}">{second:g} s</text>')
    size = f"0 0 {90 + WIDTH_PX + 10} {height + 16}"
    start = f'<svg viewBox="{size}" role="img" aria-label="The call on one clock">'
    return f"{start}{''.join(parts)}</svg>"


def _height(level_dbov: Any) -> float:
    if not isinstance(level_dbov, int | float):
        return 0.0
    return 38 * min(1.0, max(0.0, (level_dbov - FLOOR_DBOV) / -FLOOR_DBOV))


def _ticks(length: float) -> Sequence[float]:
    step = next((each for each in (1, 2, 5, 10, 30, 60, 300, 600) if length / each <= 12), 1_800)
    return [step * number for number in range(int(length // step) + 1)]


def _rows(flight: Flight) -> Iterator[str]:
    rows = [(each.at, *_fact(each)) for each in flight.facts]
    rows += [(each.at, "sip", *_message(each)) for each in flight.sip]
    for at, kind, name, text in sorted(rows, key=lambda row: row[0]):
        body = escape(text)
        if "\n" in text:
            first = body.partition("\n")[0]
            body = f"<details><summary>{first}</summary><pre>{body}</pre></details>"
        yield (
            f'<tr class="{kind}"><td>{at:.3f}</td><td>{kind}</td>'
            f"<td>{escape(name)}</td><td>{body}</td></tr>"
        )


def _fact(noted: Noted) -> tuple[str, str, str]:
    """Return kind, name and text of a row."""
    fields = noted.fields
    if noted.name == "RealtimeMessage":
        way = "←" if fields.get("direction") == "in" else "→"
        return "realtime", f"{way} {fields.get('type')}", str(fields.get("id", ""))
    shown = [f"{name}={value}" for name, value in fields.items() if value not in ("", None)]
    return "fact", noted.name, ", ".join(shown)[:MAX_TEXT]


def _message(sip: Sip) -> tuple[str, str]:
    way = "←" if sip.direction == "in" else "→"
    return f"{way} {sip.text.partition(chr(13))[0][:200]}", f"{sip.peer}\n{sip.text}"


def _template() -> str:
    return (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
