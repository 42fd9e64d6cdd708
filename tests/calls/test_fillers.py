"""What a caller hears when no agent can be heard: while another works, or there is no session."""

from __future__ import annotations

import asyncio
from typing import Any

from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.delegation_filler import DELEGATION_ITEM
from sipagent.calls.events import AgentFellSilent
from sipagent.calls.fillers import Fillers
from sipagent.calls.outage import FILLER_AFTER_S, FILLER_ITEM
from sipagent.calls.setup import BackendSetup, Prompt, Prompts
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip.media_port import MediaPort

from .talk import Talk, call_setup, response_done, talk

APOLOGY = Prompt(tone(300, 100, 8_000), 8_000)
FILLER_MS = 200
SETUP: dict[str, Any] = {
    "prompts": Prompts(APOLOGY, delegation=Prompt(tone(350, FILLER_MS, 8_000), 8_000)),
    "backend": BackendSetup("Back office", "", "m", filler_every_s=8.0),
}


def started(tool_call_id: str = "t1", name: str = "delegate") -> session_events.ToolStarted:
    return session_events.ToolStarted(tool_call_id, name, "{}", 0.0)


def ended(tool_call_id: str = "t1") -> session_events.ToolEnded:
    return session_events.ToolEnded(tool_call_id, "delegate", "{}", "x", False, 1.0, 0.0)


def begin(running: Talk) -> None:
    """Have the agent delegate, and let the time pass until the filler is due."""
    running.hear(session_events.ResponseStarted("r0", 0.0), started(), response_done("r0"))
    running.settle()


async def test_the_filler_is_played_soon_after_the_agent_delegated() -> None:
    async with talk(**SETUP) as running:
        now = asyncio.get_running_loop().time()
        running.hear(session_events.ResponseStarted("r0", 0.0), started())
        assert running.conversation.deadline() is None  # it may say something itself
        running.hear(response_done("r0"))
        deadline = running.conversation.deadline()
        assert deadline is not None and deadline - now < FILLER_AFTER_S + 0.5
        running.settle()
        assert running.media.queued_ms == FILLER_MS


async def test_another_tool_has_no_filler() -> None:
    async with talk(**SETUP) as running:
        running.hear(started(name="lookup"))
        assert running.conversation.deadline() is None


async def test_a_plan_without_a_filler_is_silent() -> None:
    async with talk(**(SETUP | {"prompts": Prompts(APOLOGY)})) as running:
        running.hear(started())
        assert running.conversation.deadline() is None


async def test_it_is_silence_to_everybody_else() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        assert running.conversation.is_silent
        await running.play(100)
        assert running.facts(facts.AgentSoundStarted) == []
        await running.play(FILLER_MS)
        assert running.facts(facts.AgentSaid) == []


async def test_it_is_played_again_later() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        await running.play(FILLER_MS + 40)
        assert running.media.is_idle
        running.settle()
        assert running.media.queued_ms == FILLER_MS


async def test_the_answer_cuts_it_off() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        await running.play(40)
        running.hear(ended())
        assert running.media.queued_ms > 0
        running.says("i1", "It leaves today.", 100)
        assert running.media.queued_ms == 100
        await running.play(200)
        assert [said.heard for said in running.facts(facts.AgentSaid)] == ["It leaves today."]
        assert running.conversation.deadline() is None


async def test_the_callers_voice_cuts_it_off_and_nobody_is_told_of_an_interruption() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        await running.play(40)
        running.hear(session_events.SpeechStarted("u1", 0, 1.0))
        assert running.media.queued_ms == 0
        assert running.session.asked.empty()
        await running.play(100)
        assert running.conversation.deadline() is None  # the caller speaks
        running.hear(session_events.SpeechStopped("u1", 0, 2.0))
        assert running.conversation.deadline() is not None


async def test_it_is_not_played_over_the_agents_words() -> None:
    async with talk(**SETUP) as running:
        running.says("i1", "Let me look.", 200, response_id="r0")
        running.hear(started())
        assert running.conversation.deadline() is None
        await running.play(240)
        running.settle()
        assert running.media.queued_ms == FILLER_MS


async def test_a_cut_answer_does_not_count_it() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        await running.play(40)
        assert running.conversation.cut("r9") == []
        assert running.media.queued_ms == 0


async def test_it_ends_with_the_session() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        running.hear(ConnectionLost(1006, "gone", 5.0))
        assert running.media.queued_ms == 0
        assert any(isinstance(each, AgentFellSilent) for each in running.posted)


async def test_it_ends_when_another_session_takes_over_before_the_end() -> None:
    async with talk(**SETUP) as running:
        begin(running)
        running.hear(session_events.SpeechStarted("u1", 0, 1.0), Reconnected("expiry", 5.0))
        assert running.media.queued_ms == 0
        assert running.conversation.deadline() is None
        running.hear(started("t2"))
        running.settle()
        assert running.media.queued_ms == FILLER_MS


def fillers() -> tuple[Fillers, MediaPort]:
    """Return both fillers of a plan, on a leg."""
    sound = Prompt(tone(350, FILLER_MS, 8_000), 8_000)
    setup = call_setup(**(SETUP | {"prompts": Prompts(APOLOGY, filler=sound, delegation=sound)}))
    both, media = Fillers(setup), MediaPort(8_000, asyncio.get_running_loop(), lambda _: None)
    both.start(media)
    return both, media


async def test_that_of_an_outage_is_played_again_until_there_is_a_session() -> None:
    both, media = fillers()
    both.lost(is_silent=True, now=10.0)
    assert both.deadline() == 10.0 + FILLER_AFTER_S
    both.handle_timer(10.0 + FILLER_AFTER_S)
    assert both.is_playing and media.queued_ms == FILLER_MS
    assert both.played(FILLER_ITEM)
    assert media.queued_ms == 2 * FILLER_MS
    both.found()
    assert not both.is_playing and media.queued_ms == 0
    assert both.played(FILLER_ITEM)
    assert media.queued_ms == 0


async def test_the_first_of_both_that_is_due_is_waited_for() -> None:
    both, _ = fillers()
    both.told(started())
    both.look(is_silent=True, now=10.0)
    both.lost(is_silent=True, now=9.0)
    assert both.deadline() == 9.0 + FILLER_AFTER_S
    both.found()
    assert both.deadline() == 10.0 + FILLER_AFTER_S


async def test_neither_is_heard_any_more_when_both_are_stopped() -> None:
    both, media = fillers()
    both.told(started())
    both.look(is_silent=True, now=9.0)
    both.look(is_silent=True, now=10.0)
    assert both.is_playing
    both.stop()
    assert not both.is_playing and media.queued_ms == 0


async def test_what_somebody_said_is_none_of_them() -> None:
    both, media = fillers()
    assert not both.played("item_1")
    assert both.played(DELEGATION_ITEM)
    assert media.is_idle
