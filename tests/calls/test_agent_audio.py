"""Agent audio that waits: for a while, or for a check of what it says."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.agent_audio import HoldSettings
from sipagent.realtime.conversation_events import (
    AudioStarted,
    GuardrailCheckPassed,
    GuardrailCheckStarted,
    GuardrailTripped,
)
from sipagent.realtime.events import AudioDelta, AudioDone
from sipagent.realtime.guardrail_runs import Check, Remedy, Trip, Tripwire

from .talk import Talk, talk

UNCHECKED = RealtimeAgent("Reception")
CHECKED = RealtimeAgent(
    "Reception",
    output_guardrails=[OutputGuardrail("g", lambda *_: GuardrailResult(False))],
)
UNTIL_CHECKED = HoldSettings(until_checked=True)


def delta(duration_ms: int, item_id: str = "a", response_id: str = "r1") -> AudioDelta:
    audio = Encoder(AudioFormat.PCMU, 8_000).encode(tone(400, duration_ms, 8_000))
    return AudioDelta(response_id, item_id, 0, audio, 0.0)


def check(number: int, *, is_final: bool = False) -> Check:
    return Check(number, "r1", "a", "text", "audio", is_final, 0)


def audible_ms(talking: Talk) -> int:
    """Return how much sound there is to be heard now."""
    frames = 0
    while np.abs(talking.media.take_outbound().astype(int)).max() > 100:
        frames += 1
    return 20 * frames


def begin(talking: Talk, agent: RealtimeAgent) -> None:
    talking.hear(AudioStarted(agent, "r1", 0.0), delta(200))


async def test_without_anything_to_wait_for_audio_is_heard_at_once() -> None:
    async with talk(agent=CHECKED) as talking:
        begin(talking, CHECKED)
        assert audible_ms(talking) == 200


async def test_audio_waits_until_what_it_says_has_passed() -> None:
    async with talk(agent=CHECKED, hold=UNTIL_CHECKED) as talking:
        begin(talking, CHECKED)
        talking.hear(GuardrailCheckStarted(check(1), 0.0), delta(300))
        assert audible_ms(talking) == 0
        assert not talking.conversation.is_silent
        talking.hear(GuardrailCheckPassed(check(1), False, 0.0))
        assert audible_ms(talking) == 200  # what came later says more than was checked
        talking.hear(AudioDone("r1", "a", 0, 0.0), GuardrailCheckPassed(check(2), True, 0.0))
        assert audible_ms(talking) == 300


async def test_what_an_agent_without_guardrails_says_is_not_held() -> None:
    async with talk(agent=UNCHECKED, hold=UNTIL_CHECKED) as talking:
        begin(talking, UNCHECKED)
        talking.hear(delta(100))
        assert audible_ms(talking) == 300


async def test_a_blocked_answer_is_not_heard_and_its_figures_are_told() -> None:
    async with talk(agent=CHECKED, hold=UNTIL_CHECKED) as talking:
        begin(talking, CHECKED)
        talking.hear(GuardrailCheckStarted(check(1), 0.0), delta(300))
        talking.hear(GuardrailCheckPassed(check(1), False, 0.0))
        assert audible_ms(talking) == 200
        heard = talking.conversation.cut("r1")
        assert [(each.heard_ms, each.received_ms) for each in heard] == [(200, 500)]
        tripwire = Tripwire("prices", "no prices", None)
        trip = Trip("r1", "a", tripwire, Remedy.INTERRUPT, "", ("a",), 0.0)
        talking.hear(GuardrailTripped(CHECKED, trip, 0.0), delta(100))
        assert audible_ms(talking) == 0
        assert talking.facts(facts.AnswerBlocked) == [facts.AnswerBlocked("a", "prices", 300, 200)]


@pytest.mark.parametrize("hold_ms", [100, 5_000])
async def test_held_audio_is_heard_when_its_time_has_come(hold_ms: int) -> None:
    async with talk(agent=UNCHECKED, hold=HoldSettings(hold_ms)) as talking:
        now = asyncio.get_running_loop().time()
        begin(talking, UNCHECKED)
        assert audible_ms(talking) == 0
        deadline = talking.conversation.deadline()
        assert deadline is not None
        assert deadline - now == pytest.approx(hold_ms / 1000, abs=0.09)
        talking.conversation.handle_timer(deadline)
        assert audible_ms(talking) == 200


async def test_a_caller_who_interrupts_hears_nothing_of_what_was_held() -> None:
    async with talk(agent=CHECKED, hold=UNTIL_CHECKED) as talking:
        begin(talking, CHECKED)
        (heard,) = talking.conversation.cut("r1")
        assert (heard.heard_ms, heard.received_ms) == (0, 200)
        talking.hear(GuardrailCheckPassed(check(2), True, 0.0))
        assert audible_ms(talking) == 0
