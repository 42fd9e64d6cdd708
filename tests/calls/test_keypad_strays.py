"""Keys that are not for the agent: of a secret given up, during music, for somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.collecting import FieldSettings
from sipagent.calls.digits import DigitSettings
from sipagent.calls.events import DigitsWanted
from sipagent.calls.hold_music import MUSIC_ITEM, HoldMusic
from sipagent.calls.keypad import Keypad
from sipagent.calls.keypad_setup import KeypadSetup
from sipagent.calls.keypad_shield import LOWER_AFTER_S
from sipagent.calls.listening import Listening
from sipagent.calls.part import CallHands
from sipagent.calls.recording import Recording
from sipagent.calls.setup import Prompt
from sipagent.sip.events import DtmfReceived, Resumed

from .leg import FarEnd
from .talk import Talk, call_setup, talk

CARD = "4111111111111111"
PAUSE_S = 5.0
FIELD = FieldSettings("card", min_digits=13, max_digits=19, pause_s=PAUSE_S, is_sensitive=True)
ORDER = FieldSettings("order", max_digits=4)


class NotedRecording:
    """Stands in for the recording of a call."""

    def __init__(self) -> None:
        self.keys = ""
        self.is_muted = False

    def pressed(self, key: str) -> None:
        """Note a key."""
        self.keys += key

    def mute(self, *, caller: bool) -> None:
        """Note whether the caller is on it."""
        self.is_muted = caller


class Line:
    """A keypad whose time is the test's."""

    def __init__(self, running: Talk, *fields: FieldSettings) -> None:
        self.talk, self.now, self.is_bridged = running, 100.0, False
        self.recording, self.listening = NotedRecording(), NotedRecording()
        self.keypad = Keypad(
            KeypadSetup(fields=fields),
            DigitSettings(),
            cast(Recording, self.recording),
            cast(Listening, self.listening),
            lambda: self.is_bridged,
        )
        self.keypad.join(
            CallHands(
                "c1",
                call_setup(),
                FarEnd().leg,
                running.conversation,
                tell=running.told.append,
                post=running.posted.append,
                run=lambda task, name: None,
                now=lambda: self.now,
                is_talking=lambda: True,
                dismiss=lambda: None,
            )
        )

    def asks(self, field: FieldSettings) -> asyncio.Future[str]:
        """Let the agent ask for a number."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.keypad.handle(DigitsWanted(field, waiting))
        return waiting

    def presses(self, keys: str) -> None:
        """Press keys, four a second."""
        for key in keys:
            self.passes(0.25)
            self.keypad.handle(DtmfReceived(key, 100, "rfc4733"))

    def passes(self, seconds: float) -> None:
        """Let time pass, and what is due be done in time."""
        end = self.now + seconds
        while (due := self.keypad.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.keypad.handle_timer(self.now)
        self.now = end

    async def messages(self) -> list[object]:
        """Return what the agent was told of its own accord."""
        for _ in range(10):
            await asyncio.sleep(0)
        asked = self.talk.session.asked
        return [asked.get_nowait() for _ in range(asked.qsize())]

    def pressed(self) -> str:
        """Return the keys as they were told."""
        return "".join(each.digit for each in self.talk.facts(facts.DigitPressed))


@asynccontextmanager
async def line(*fields: FieldSettings) -> AsyncIterator[Line]:
    """Start a call."""
    async with talk() as running:
        yield Line(running, *fields)


async def test_who_looks_at_the_card_for_too_long_gives_none_of_it_away() -> None:
    async with line(FIELD) as call:
        asked = call.asks(FIELD)
        call.presses(CARD[:8])
        call.passes(PAUSE_S + 1)
        assert (await asked).startswith("too_short: ")
        assert call.recording.is_muted
        assert call.listening.is_muted
        call.presses(CARD[8:] + "#")
        call.passes(PAUSE_S)
        assert call.recording.is_muted
        assert call.listening.is_muted
        assert await call.messages() == []
        assert (call.recording.keys, set(call.pressed())) == ("", {"x"})
        call.passes(LOWER_AFTER_S)
        assert not call.recording.is_muted
        assert not call.listening.is_muted
        call.presses("2#")
        assert await call.messages() == ["The caller pressed 2 on the keypad."]


@pytest.mark.parametrize(
    ("changes", "keys", "outcome"),
    [
        ({"max_digits": 13}, CARD[:13], "collected"),
        ({"check": "luhn"}, CARD[:-1] + "2#", "invalid"),
        ({}, CARD[:4] + "#", "too_short"),
    ],
)
async def test_what_is_keyed_in_after_a_secret_that_ended_early_is_dropped(
    changes: dict[str, Any], keys: str, outcome: str
) -> None:
    field = replace(FIELD, **changes)
    async with line(field) as call:
        asked = call.asks(field)
        call.presses(keys)
        assert (await asked).startswith(f"{outcome}: ")
        call.presses(CARD)
        assert await call.messages() == []
        assert call.recording.is_muted


async def test_who_begins_after_the_time_for_it_is_not_heard_either() -> None:
    async with line(FIELD) as call:
        asked = call.asks(FIELD)
        call.passes(FIELD.timeout_s)
        assert (await asked).startswith("timeout: ")
        call.presses(CARD)
        assert call.recording.is_muted
        assert await call.messages() == []


async def test_keys_count_again_when_the_agent_asks_again() -> None:
    async with line(FIELD, ORDER) as call:
        for field, keys in ((FIELD, CARD[:4] + "#"), (FIELD, CARD + "#")):
            again = call.asks(field)
            call.presses(keys)
        assert (await again).startswith("collected: card, 16 digits")
        call.asks(FIELD)
        call.presses("1#")
        order = call.asks(ORDER)
        call.passes(LOWER_AFTER_S)
        assert not call.recording.is_muted
        call.presses("47#")
        assert await order == "collected: 47"


async def test_after_its_end_key_a_whole_secret_stands_in_nobodys_way() -> None:
    async with line(FIELD) as call:
        call.asks(FIELD)
        call.presses(CARD + "#")
        call.passes(LOWER_AFTER_S)
        assert not call.recording.is_muted
        call.presses("2#")
        assert await call.messages() == ["The caller pressed 2 on the keypad."]


async def test_a_key_does_not_stop_the_music_and_is_told_afterwards() -> None:
    async with line() as call:
        music = HoldMusic(Prompt(tone(440, 100, 8_000), 8_000))
        call.talk.conversation.is_on_hold = True
        music.start(call.talk.media)
        call.presses("12#3")
        call.passes(60.0)
        assert call.talk.media.queued_ms == 100
        assert await call.messages() == []
        call.talk.conversation.is_on_hold = False
        call.keypad.handle(Resumed())
        assert await call.messages() == [
            f"The caller pressed {keys} on the keypad." for keys in ("1 2", "3")
        ]
        assert call.talk.facts(facts.BargedIn) == []
        assert call.talk.media.heard(MUSIC_ITEM) == 0


async def test_keys_for_somebody_else_are_no_matter_of_ours() -> None:
    async with line(ORDER) as call:
        asked = call.asks(ORDER)
        call.is_bridged = True
        call.presses("1234#")
        assert (call.pressed(), call.recording.keys) == ("xxxxx", "")
        assert not asked.done()
        call.passes(60.0)
        call.presses("1234#")
        assert await call.messages() == []
        assert call.recording.keys == ""
