"""Keys of a call: each once, in whatever way, and what they do to the agent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from sipagent.audio.frames import silence
from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.calls import facts
from sipagent.calls.digits import DigitSettings
from sipagent.calls.keypad_setup import KeypadSetup
from sipagent.calls.keypad_tools import keypad_tools
from sipagent.sip.events import DigitsRefused, DtmfReceived, KeyWay
from tests.realtime.playbook import Wire, audio, created, done, function_call
from tests.telephony.tones import keyed

from .keyed_call import KeyedCall, keyed_call


async def test_keys_reach_the_agent_as_one_message_that_is_answered(tmp_path: Path) -> None:
    async with keyed_call(tmp_path) as running:
        running.presses("12#")
        assert await running.messages() == ["The caller pressed 1 2 on the keypad."]
        await running.endpoint.has_received("response.create")
        assert running.told.names().count("DigitPressed") == 3


async def test_a_pause_ends_a_number_by_itself(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, digits=DigitSettings(pause_s=0.05)) as running:
        running.presses("7")
        assert await running.messages() == ["The caller pressed 7 on the keypad."]


async def test_a_plan_may_keep_keys_from_its_agent(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, digits=None) as running:
        running.presses("7#")
        await running.told.until(facts.DigitPressed, 2)
    assert "conversation.item.create" not in running.endpoint.types()


async def speaks(running: KeyedCall) -> None:
    """Have the agent say something long, and wait until it is heard."""
    await running.endpoint.say(created(), audio(60_000), done())
    await running.told.until(facts.AgentSoundStarted)


async def test_a_key_stops_the_agent(tmp_path: Path) -> None:
    async with keyed_call(tmp_path) as running:
        await speaks(running)
        running.presses("1")
        await running.told.until(facts.BargedIn)
        await running.endpoint.has_received("conversation.item.truncate")
        assert running.far_end.media.is_idle


async def test_a_plan_may_let_the_agent_go_on(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, keypad=KeypadSetup(barge_in=False)) as running:
        await speaks(running)
        running.presses("1#")
        await running.messages()
        assert not running.far_end.media.is_idle


async def test_keys_that_nobody_is_told_of_stop_nobody(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, digits=None) as running:
        await speaks(running)
        running.presses("1")
        await running.told.until(facts.DigitPressed)
        await asyncio.sleep(0)
        assert not running.far_end.media.is_idle


async def test_tones_count_if_the_plan_says_so_and_the_agent_hears_none(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, keypad=KeypadSetup(in_band=True)) as running:
        running.sounds(keyed("42#"))
        assert await running.messages() == ["The caller pressed 4 2 on the keypad."]
        sent = b"".join(await running.heard_by_the_model(18))
        loud = abs(pcmu_to_pcm(sent).astype(int)) > 1_000
        assert loud.sum() < 3 * 240  # of each key, what comes before it is one


async def test_tones_are_not_listened_for_otherwise(tmp_path: Path) -> None:
    async with keyed_call(tmp_path) as running:
        running.sounds(keyed("42#"))
        running.sounds(silence(1_600))
        await running.heard_by_the_model(28)
        assert "DigitPressed" not in running.told.names()


async def test_a_key_that_comes_in_several_ways_counts_once(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, keypad=KeypadSetup(in_band=True)) as running:
        for key in "42#":
            running.far_end.leg.tell(DtmfReceived(key, 100, "rfc4733"))
            running.sounds(keyed(key))
            running.far_end.leg.tell(DtmfReceived(key, 100, "info"))
        assert await running.messages() == ["The caller pressed 4 2 on the keypad."]
        await running.heard_by_the_model(18)
        assert running.told.names().count("DigitPressed") == 3


def send(digits: str) -> Wire:
    """Return a call of the tool."""
    return function_call("send_dtmf", arguments=orjson.dumps({"digits": digits}).decode())


@pytest.mark.parametrize("way", ["rfc4733", "info"])
async def test_an_agent_presses_keys_as_the_plan_says(tmp_path: Path, way: KeyWay) -> None:
    setup = KeypadSetup(send=way)
    async with keyed_call(tmp_path, [*keypad_tools(()).values()], keypad=setup) as running:
        await running.calls(send("1#"))
        assert await running.messages() == ["Sent 1 #."]
        assert (running.far_end.digits, running.far_end.way) == ("1#", way)
        assert await running.told.until(facts.DigitsSent) == facts.DigitsSent("1#")


async def test_an_agent_is_told_that_the_far_end_takes_no_keys(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, [*keypad_tools(()).values()]) as running:
        await running.calls(send("12"))
        while not running.far_end.digits:
            await asyncio.sleep(0.005)
        running.far_end.leg.tell(DigitsRefused("no events"))
        assert await running.messages() == ["failed: no events"]
        assert running.far_end.digits == "1"


async def test_what_is_no_key_is_not_sent(tmp_path: Path) -> None:
    async with keyed_call(tmp_path, [*keypad_tools(()).values()]) as running:
        await running.calls(send("+49"))
        await running.messages()
        assert running.far_end.digits == ""
