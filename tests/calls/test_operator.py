"""The operator's hand in a call, over a real socket to a scripted endpoint."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.agents.agent import RealtimeAgent
from sipagent.calls import facts
from sipagent.calls.events import OperatorWished
from sipagent.calls.life_settings import LifeSettings
from sipagent.calls.operating import TAKES_OVER
from sipagent.calls.operator import OPERATOR_ITEM
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.operator_acts import (
    DONE,
    ActAnswer,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)
from sipagent.realtime.rotation import RotationSettings
from tests.realtime.playbook import audio, created, done

from .test_transferring import AUDIO_DONE, REFERRED, Talking, talking

TURNS = {"type": "server_vad", "idle_timeout_ms": 6_000, "create_response": True}
FRAME = np.zeros(160, np.int16)


async def wants(running: Talking, act: OperatorAct) -> ActAnswer:
    """Have something done; return the answer."""
    answer: asyncio.Future[ActAnswer] = asyncio.get_running_loop().create_future()
    running.call.post(OperatorWished(act, "duty", answer))
    return await answer


async def detected(running: Talking, count: int) -> dict[str, Any]:
    """Return how the endpoint was told to decide on turns, the last of ``count`` times."""
    updates = await running.endpoint.has_received("session.update", count + 1)
    found: dict[str, Any] = updates[count]["session"]["audio"]["input"]["turn_detection"]
    return found


async def test_the_agent_says_exactly_what_it_is_told(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        assert await wants(running, Say("One moment.")) == DONE
        (response,) = await running.endpoint.has_received("response.create")
        assert response["response"]["instructions"] == "Say exactly: One moment."
        acted = await running.told.until(facts.OperatorActed)
        assert acted == facts.OperatorActed("say", "duty", {"text": "One moment."})


async def test_a_whisper_is_for_the_agent_and_asks_for_no_answer(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        assert await wants(running, Whisper("Offer 10 %.")) == DONE
        (item,) = await running.endpoint.has_received("conversation.item.create")
        assert item["item"]["role"] == "system"
        assert item["item"]["content"][0]["text"].endswith("Offer 10 %.")
        assert "response.create" not in running.endpoint.types()


async def test_another_persona_takes_over(tmp_path: Path) -> None:
    billing = RealtimeAgent("Billing", instructions="You know invoices.")
    async with talking(tmp_path, agent=RealtimeAgent("Ada"), others=(billing,)) as running:
        assert await wants(running, HandOver("Billing")) == DONE
        _, update = await running.endpoint.has_received("session.update", 2)
        assert "invoices" in update["session"]["instructions"]
        (response,) = await running.endpoint.has_received("response.create")
        assert response["response"]["instructions"] == TAKES_OVER
        assert await running.told.until(facts.AgentChanged) == facts.AgentChanged("Ada", "Billing")
        assert (await wants(running, HandOver("Billing"))).status == 409
        assert (await wants(running, HandOver("Nobody"))).text.endswith("it has: Ada, Billing")


async def test_a_caller_who_is_muted_is_not_heard(tmp_path: Path) -> None:
    async with talking(tmp_path, session={"turn_detection": TURNS}) as running:
        running.far_end.media.give_inbound(FRAME)
        await running.endpoint.has_received("input_audio_buffer.append")
        assert await wants(running, Mute("inbound", is_muted=True)) == DONE
        quiet = await detected(running, 1)
        assert (quiet["create_response"], quiet.get("idle_timeout_ms")) == (False, None)
        before = running.endpoint.types().count("input_audio_buffer.append")
        for _ in range(50):
            running.far_end.media.give_inbound(FRAME)
            await asyncio.sleep(0)
        assert await wants(running, Whisper("marks the place")) == DONE
        await running.endpoint.has_received("conversation.item.create")
        assert running.endpoint.types().count("input_audio_buffer.append") == before
        assert await wants(running, Mute("inbound", is_muted=False)) == DONE
        assert await detected(running, 2) == TURNS
        running.far_end.media.give_inbound(FRAME)
        await running.endpoint.has_received("input_audio_buffer.append", before + 1)


async def test_an_agent_who_is_muted_is_cut_off_and_says_no_more(tmp_path: Path) -> None:
    async with talking(tmp_path, session={"turn_detection": TURNS}) as running:
        await running.endpoint.say(created(), audio(60_000))
        await running.told.until(facts.AgentSoundStarted)
        assert await wants(running, Mute("outbound", is_muted=True)) == DONE
        await running.endpoint.has_received("response.cancel")
        await running.endpoint.has_received("conversation.item.truncate")
        said = await running.told.until(facts.AgentSaid)
        assert said.interrupted and said.heard_ms < 60_000
        assert (await detected(running, 1))["create_response"] is False
        await running.endpoint.say(done(), created("resp_2"))
        await running.endpoint.has_received("response.cancel", 2)
        assert (await wants(running, Say("x"))).status == 409


async def test_nobody_is_silent_who_waits_for_an_agent_that_is_muted(tmp_path: Path) -> None:
    life = LifeSettings(silence_s=0.1, silence_prompts=0)
    async with talking(tmp_path, session={"turn_detection": TURNS}, life=life) as running:
        await wants(running, Mute("outbound", is_muted=True))
        await asyncio.sleep(0.2)
        assert not running.ended.done()
        await wants(running, Mute("outbound", is_muted=False))
        assert (await running.ended).reason is Reason.CALLER_SILENT


async def test_a_caller_is_sent_to_a_target_of_the_plan(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        assert await wants(running, TransferTo("billing")) == DONE
        await running.has_sent(REFERRED)
        assert (await wants(running, TransferTo("desk"))).status == 409
        running.far_end.notifies(200)
        assert (await running.ended).reason is Reason.TRANSFERRED


async def test_a_caller_is_sent_anywhere_and_the_agent_told_why_not(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        assert await wants(running, TransferTo("sip:a@b", "sip:a@b")) == DONE
        await running.has_sent("REFER <sip:a@b>")
        running.far_end.notifies(486)
        began, failed = await running.endpoint.has_received("conversation.item.create", 2)
        assert "sip:a@b" in began["item"]["content"][0]["text"]
        assert failed["item"]["content"][0]["text"] == "The transfer failed: busy."
        ended = await running.told.until(facts.TransferEnded)
        assert (ended.target, ended.mode, ended.outcome) == ("sip:a@b", "blind", "busy")


async def test_a_call_is_ended_at_once_or_after_the_last_words(tmp_path: Path) -> None:
    async with talking(tmp_path) as running:
        await running.endpoint.say(created(), audio(2_000), AUDIO_DONE)
        await running.told.until(facts.AgentSoundStarted)
        assert await wants(running, HangUp(at_once=False)) == DONE
        await running.endpoint.say(done())
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.OPERATOR_HUNG_UP, "by duty")
        assert running.far_end.media.heard("item_1") == 2_000
    async with talking(tmp_path) as running:
        await running.endpoint.say(created(), audio(600_000))
        await running.told.until(facts.AgentSoundStarted)
        assert await wants(running, HangUp(at_once=False)) == DONE
        assert await wants(running, HangUp()) == DONE
        assert (await running.ended).reason is Reason.OPERATOR_HUNG_UP


async def test_without_a_session_the_local_voice_says_it(tmp_path: Path) -> None:
    rotation = RotationSettings(attempts=5)
    async with talking(tmp_path, rotation=rotation) as running:
        running.endpoint.fault = "hang"
        running.endpoint.kill()
        await running.told.until(facts.SessionLost)
        assert (await wants(running, Whisper("x"))).status == 409
        assert await wants(running, Say("One moment, please.")) == DONE
        while not running.far_end.media.heard(OPERATOR_ITEM):
            await asyncio.sleep(0.01)
