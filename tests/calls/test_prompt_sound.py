"""Prompts on a leg."""

from __future__ import annotations

import asyncio

from sipagent.audio.tones import tone
from sipagent.calls.prompt_sound import PromptSound, play_prompt
from sipagent.calls.setup import Prompt
from sipagent.sip.events import FirstFramePlayed, ItemPlayed, MediaFact
from sipagent.sip.media_port import MediaPort

PROMPT = Prompt(tone(300, 40, 8_000), 8_000)


def media_port(told: list[MediaFact], rate_hz: int = 8_000) -> MediaPort:
    return MediaPort(rate_hz, asyncio.get_running_loop(), told.append)


async def test_a_prompt_is_an_item_of_its_own_that_ends() -> None:
    told: list[MediaFact] = []
    media = media_port(told)
    play_prompt(media, "filler", PROMPT)
    for _ in range(3):
        media.take_outbound()
    await asyncio.sleep(0)
    heard = [(type(each), each.item_id) for each in told if hasattr(each, "item_id")]
    assert heard == [(FirstFramePlayed, "filler"), (ItemPlayed, "filler")]


async def test_it_is_played_at_the_rate_of_the_leg() -> None:
    media = media_port([], 16_000)
    play_prompt(media, "filler", PROMPT)
    assert media.queued_ms == 40


async def test_it_is_played_as_often_as_it_is_time() -> None:
    media, sound = media_port([]), PromptSound("filler", PROMPT)
    sound.start(media)
    sound.play()
    sound.play()
    assert media.queued_ms == 80
    sound.flush()
    assert media.queued_ms == 0


async def test_without_a_prompt_or_a_leg_there_is_silence() -> None:
    media, silence, early = media_port([]), PromptSound("x", None), PromptSound("x", PROMPT)
    silence.start(media)
    for sound in (silence, early):
        sound.play()
        sound.flush()
    assert media.is_idle
    assert (silence.is_audible, early.is_audible) == (False, True)
