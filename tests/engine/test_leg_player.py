"""Answers are played on a leg, and the session knows what was heard of them."""

from __future__ import annotations

import numpy as np

from sipagent.audio.frames import Pcm, silence
from sipagent.engine.idle_watch import IdleWatch
from sipagent.engine.items import Conversation
from sipagent.engine.leg import FirstFramePlayed, ItemPlayed, LegEnded
from sipagent.engine.leg_player import LegPlayer
from sipagent.wire.events import Event
from sipagent.wire.server import ConversationItemTruncated

from .leg import FakeLeg

RATE_HZ = 8_000


class Idle(IdleWatch):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.is_playing = False

    def playing(self, is_playing: bool) -> None:
        self.is_playing = is_playing


class Desk:
    """A player, its leg, and what its clients heard."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.leg, self.conversation, self.idle = FakeLeg(rate_hz), Conversation(), Idle()
        self.told: list[Event] = []
        self.player = LegPlayer(self.leg, self.conversation, self.idle, self._send)

    def item(self, item_id: str, audio_ms: int) -> None:
        part = {"type": "output_audio", "transcript": item_id}
        item = {"id": item_id, "type": "message", "role": "assistant", "content": [part]}
        self.conversation.add(item)
        self.conversation.set_audio_ms(item_id, audio_ms)

    async def follow(self) -> None:
        """Tell the player what happened on the leg."""
        self.leg.events.put_nowait(LegEnded())
        while not isinstance(event := await self.leg.events.get(), LegEnded):
            if isinstance(event, FirstFramePlayed):
                await self.player.item_began(event.item_id)
            elif isinstance(event, ItemPlayed):
                await self.player.item_played(event.item_id)

    def types(self) -> list[str]:
        return [event.TYPE.rpartition(".")[2] for event in self.told]

    def cuts(self) -> list[tuple[str, int]]:
        cuts = [event for event in self.told if isinstance(event, ConversationItemTruncated)]
        return [(each.item_id, each.audio_end_ms) for each in cuts]

    async def _send(self, event: Event) -> None:
        self.told.append(event)


def sound(duration_ms: int, rate_hz: int = RATE_HZ) -> Pcm:
    return np.full(duration_ms * rate_hz // 1000, 1_000, np.int16)


def desk(**audio_ms: int) -> Desk:
    """Return a desk that plays items of one response, all of them whole."""
    made = Desk()
    made.player.answered(RATE_HZ)
    for item_id, length_ms in audio_ms.items():
        made.item(item_id, length_ms)
        made.player.play("r", item_id, sound(length_ms), RATE_HZ)
        made.player.finish(item_id)
    return made


async def test_what_is_made_before_the_answer_is_played_after_it() -> None:
    made = Desk(16_000)
    made.item("a", 200)
    made.player.play("r", "a", sound(100), RATE_HZ)
    made.player.play("r", "a", sound(100), RATE_HZ)
    made.player.finish("a")
    assert made.leg.pushed == {}
    assert made.idle.is_playing
    made.player.answered(16_000)
    made.leg.play_out()
    await made.follow()
    await made.player.response_done("r")
    assert made.types() == ["started", "stopped"]
    assert 195 <= made.leg.pushed["a"] <= 200
    assert not made.idle.is_playing


async def test_what_is_dropped_is_truncated_to_what_was_heard() -> None:
    made = desk(a=200, b=300, c=100)
    made.leg.play(240)
    await made.follow()
    await made.player.clear()
    assert made.types() == ["started", "cleared", "truncated", "truncated"]
    assert made.cuts() == [("b", 40), ("c", 0)]
    words = [each["content"][0]["transcript"] for each in made.conversation.items()]
    assert words == ["a", "", ""]
    assert not made.idle.is_playing


async def test_a_cut_is_never_longer_than_what_was_made() -> None:
    made = desk(a=200)
    made.conversation.set_audio_ms("a", 30)
    made.leg.play(40)
    await made.player.clear()
    assert made.cuts() == [("a", 30)]


async def test_what_still_comes_of_a_dropped_item_is_not_played() -> None:
    made = desk()
    made.item("a", 100)
    made.player.play("r", "a", sound(100), RATE_HZ)
    await made.player.clear()
    made.player.play("r", "a", sound(100), RATE_HZ)
    made.player.finish("a")
    made.leg.play(200)
    assert made.leg.pushed == {"a": 100}
    np.testing.assert_array_equal(made.leg.pcm, silence(len(made.leg.pcm)))
    assert not made.idle.is_playing


async def test_an_item_that_was_deleted_is_dropped_and_not_truncated() -> None:
    made = desk(a=200)
    made.conversation.delete("a")
    await made.player.clear()
    assert made.types() == ["cleared"]


async def test_clearing_silence_tells_nothing() -> None:
    made = desk()
    await made.player.clear()
    assert made.told == []
