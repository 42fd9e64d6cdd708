"""What a leg tells, as its call's controller has it."""

from __future__ import annotations

import pytest

from sipagent.calls.events import (
    AnnouncementPlayed,
    ApologyPlayed,
    CallEvent,
    EarlyMediaPlayed,
    LegDisconnected,
    LegProgressed,
    MediaBegan,
)
from sipagent.calls.hold_music import MUSIC_ITEM
from sipagent.calls.leg_events import call_event_of
from sipagent.sip import events as sip_events


@pytest.mark.parametrize(
    ("told", "event"),
    [
        (sip_events.MediaStarted("PCMU", 8_000, "SDES"), MediaBegan()),
        (sip_events.Progressed(183), LegProgressed(183)),
        (sip_events.ItemPlayed("apology", 1.0), ApologyPlayed()),
        (sip_events.ItemPlayed("announcement", 1.0), AnnouncementPlayed()),
        (sip_events.ItemPlayed("early media", 1.0), EarlyMediaPlayed()),
    ],
)
def test_signalling_and_prompts_are_events_of_the_call(
    told: sip_events.SipEvent | sip_events.MediaFact, event: CallEvent
) -> None:
    assert call_event_of(told) == event


@pytest.mark.parametrize(
    ("reason", "header", "detail"),
    [
        ("Normal", "Q.850;cause=16", "Normal; Q.850;cause=16"),
        ("Normal", "", "Normal"),
        ("", "Q.850;cause=16", "Q.850;cause=16"),
        ("", "", ""),
    ],
)
def test_the_end_has_every_reason_that_was_given(reason: str, header: str, detail: str) -> None:
    ended = sip_events.Disconnected(486, reason, True, header)
    assert call_event_of(ended) == LegDisconnected(486, True, detail, False)


@pytest.mark.parametrize(
    "told",
    [
        sip_events.Confirmed(),
        sip_events.FirstFramePlayed("apology", 1.0),
        sip_events.ItemPlayed("item_1", 1.0),
        sip_events.ItemPlayed(MUSIC_ITEM, 1.0),
        sip_events.Held(),
    ],
)
def test_the_rest_is_for_others(told: sip_events.SipEvent | sip_events.MediaFact) -> None:
    assert call_event_of(told) is None
