"""The page of a flight record: whole, self-contained, and inert."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sipagent.ops.flight.page import Span, flight_page, spans
from sipagent.ops.flight.record import Noted, Sip

from .made import flight


class Seen(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_everything_is_on_it_in_order() -> None:
    seen = Seen(flight_page(flight()))
    for text in (
        *("Call c0ffee", "→ response.create", "← INVITE sip:a@b SIP/2.0", "ToolCalled"),
        *("completed caller_hung_up", "saved because", "failed"),
    ):
        assert text in seen.text
    rows = [tag for tag, _ in seen.tags if tag == "tr"]
    assert len(rows) == 1 + len(flight().facts) + len(flight().sip)


def test_it_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    seen = Seen(flight_page(flight(), recording="recording.wav"))
    assert not [tag for tag, _ in seen.tags if tag in {"script", "link", "iframe", "img", "object"}]
    sources = [at["src"] for _, at in seen.tags if at.get("src")]
    assert sources == ["recording.wav"]
    assert not [name for _, at in seen.tags for name in at if name.startswith("on")]


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "$title ${x} $$"]
)
def test_what_anybody_wrote_is_text(hostile: str) -> None:
    facts = (
        Noted(0.0, "CallOffered", {"caller": hostile, "called": hostile, "sip_call_id": hostile}),
        Noted(0.5, hostile, {hostile: hostile}),
        Noted(1.0, "AgentSoundStarted", {"item_id": "a"}),
        Noted(2.0, "AgentSaid", {"item_id": "a", "heard": hostile, "heard_ms": 400}),
    )
    sip = (Sip(0.0, "in", hostile, f"INVITE {hostile}\r\n\r\n{hostile}"),)
    seen = Seen(flight_page(replace(flight(), call_id=hostile, facts=facts, sip=sip)))
    assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "img"})
    assert hostile in seen.text


def test_turns_last_from_the_first_sound_to_the_last_that_was_heard() -> None:
    facts = [
        Noted(1.0, "CallerSpeechStarted", {"item_id": "c"}),
        Noted(2.5, "CallerSpeechStopped", {"item_id": "c"}),
        Noted(3.0, "AgentSoundStarted", {"item_id": "a"}),
        Noted(9.0, "AgentSaid", {"item_id": "a", "heard": "one", "heard_ms": 1_500}),
        Noted(12.0, "ToolCalled", {"name": "lookup", "duration_ms": 500}),
        Noted(13.0, "CallerSpeechStopped", {"item_id": "never began"}),
    ]
    assert spans(facts) == [
        Span("caller", 1.0, 2.5, "speaks"),
        Span("agent", 3.0, 4.5, "one"),
        Span("tools", 11.5, 12.0, "lookup"),
    ]


def test_a_call_of_no_facts_has_a_page() -> None:
    assert "Call c0ffee" in flight_page(replace(flight(), facts=(), sip=()))
