"""An agent asks for a number: what it is told, what tools get, and what nobody else sees."""

from __future__ import annotations

import asyncio
import logging
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from sipagent.agents.tools import FunctionTool, ToolContext, function_tool
from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.collecting import FieldSettings
from sipagent.calls.digits import DigitSettings
from sipagent.calls.keypad_setup import KeypadSetup
from sipagent.calls.keypad_tools import guarded, keypad_tools
from sipagent.calls.setup import RecordingSetup
from sipagent.errors import ToolError
from sipagent.redaction import HIDDEN
from sipagent.sip.events import Held, Resumed
from tests.realtime.playbook import Wire, audio, created, done, function_call
from tests.telephony.tones import keyed

from .keyed_call import KeyedCall, keyed_call

CARD = "4111111111111111"

AUDIO_DONE = audio(0) | {"type": "response.output_audio.done"}

CARD_FIELD = FieldSettings(
    "card_number", "The card.", 13, 19, timeout_s=60.0, pause_s=60.0, is_sensitive=True
)
ORDER_FIELD = FieldSettings("order", min_digits=2, max_digits=4, timeout_s=60.0, pause_s=60.0)


async def charge(context: ToolContext) -> str:
    """Charge the card, and say too much."""
    card = context.context.collected["card_number"]
    logging.getLogger("shop").error("charging %s", card)
    return f"charged {card} as {context.context.collected!r}"


async def fails(context: ToolContext) -> str:
    """Fail, and say too much."""
    card = context.context.collected["card_number"]
    raise ToolError(f"card {card}", spoken=f"The card {card} was refused.")


def tools(*fields: FieldSettings) -> list[FunctionTool]:
    """Return the built-in tools about keys, and those of a plan."""
    own = [guarded(function_tool(each)) for each in (charge, fails)]
    return [*keypad_tools(fields).values(), *own]


def collecting(folder: Path, *fields: FieldSettings, **setup: Any) -> Any:
    """Place a call whose agent may ask for ``fields``."""
    keypad = KeypadSetup(fields=fields, in_band=setup.pop("in_band", False))
    return keyed_call(folder, tools(*fields), keypad=keypad, **setup)


def collect(field: str = "", tool_call_id: str = "call_1", **arguments: Any) -> Wire:
    """Return a call of the tool."""
    named = {"field": field} if field else arguments
    return function_call("collect_digits", tool_call_id, arguments=orjson.dumps(named).decode())


async def asks(running: KeyedCall, field: str) -> None:
    """Let the model ask for a number, and wait until it is awaited."""
    await running.calls(collect(field))
    await running.told.until(facts.DigitsAsked)


async def test_the_agent_is_told_a_number_that_is_no_secret(tmp_path: Path) -> None:
    async with collecting(tmp_path, ORDER_FIELD) as running:
        await asks(running, "order")
        running.presses("471#")
        assert await running.messages() == ["collected: 471"]
        collected = await running.told.until(facts.DigitsCollected)
        assert collected == facts.DigitsCollected("order", "collected", 3, "471")
        assert [each for each in running.told.names() if each == "DigitPressed"] == [
            "DigitPressed"
        ] * 4


async def test_a_plan_that_names_no_number_lets_the_agent_say_what_it_wants(
    tmp_path: Path,
) -> None:
    async with collecting(tmp_path) as running:
        await running.calls(collect(max_digits=2, end="*"))
        await running.told.until(facts.DigitsAsked)
        running.presses("#7")
        assert await running.messages() == ["collected: #7"]


async def test_keys_pressed_while_the_agent_still_asks_belong_to_the_number(
    tmp_path: Path,
) -> None:
    async with collecting(tmp_path, ORDER_FIELD) as running:
        running.presses("47")
        await running.told.until(facts.DigitPressed, 2)
        await asks(running, "order")
        running.presses("1#")
        assert await running.messages() == ["collected: 471"]


async def test_a_digit_of_a_number_is_no_consent_to_a_recording(tmp_path: Path) -> None:
    asked = RecordingSetup("ask", "1")
    async with collecting(tmp_path, ORDER_FIELD, recording=asked) as running:
        await asks(running, "order")
        running.presses("11#")
        await running.messages()
    assert "CallRecorded" not in running.told.names()
    async with collecting(tmp_path, ORDER_FIELD, recording=asked) as running:
        running.presses("1")
        await running.told.until(facts.DigitPressed)
        running.sounds(tone(300, 20, 8_000))
        await running.heard_by_the_model(1)
    recorded = await running.told.until(facts.CallRecorded)
    assert recorded.consent == "key"


async def test_a_key_that_ends_what_was_whole_means_nothing_more(tmp_path: Path) -> None:
    async with collecting(tmp_path, ORDER_FIELD) as running:
        await asks(running, "order")
        running.presses("4711#12#")
        assert await running.messages(2) == [
            "collected: 4711",
            "The caller pressed 1 2 on the keypad.",
        ]


async def test_a_caller_who_presses_nothing_is_told_of(tmp_path: Path) -> None:
    field = FieldSettings("order", timeout_s=0.05)
    async with collecting(tmp_path, field) as running:
        await running.calls(collect("order"))
        assert (await running.messages())[0].startswith("timeout: ")


async def test_a_caller_who_has_us_on_hold_is_waited_for(tmp_path: Path) -> None:
    field = FieldSettings("order", timeout_s=0.1)
    async with collecting(tmp_path, field) as running:
        await asks(running, "order")
        running.far_end.leg.tell(Held())
        await asyncio.sleep(0.15)
        assert "DigitsCollected" not in running.told.names()
        running.far_end.leg.tell(Resumed())
        running.presses("4#")
        collected = await running.told.until(facts.DigitsCollected)
        assert (collected.outcome, collected.digits) == ("collected", 1)


async def test_nobody_waits_while_the_agent_speaks(tmp_path: Path) -> None:
    field = FieldSettings("order", timeout_s=0.02)
    async with collecting(tmp_path, field) as running:
        await running.endpoint.say(created(), audio(60_000), AUDIO_DONE, collect("order"), done())
        assert (await running.messages())[0].startswith("timeout: ")
        assert running.far_end.media.heard("item_1") == 60_000


@pytest.mark.parametrize("ends", [True, False])
async def test_what_the_caller_says_instead_ends_it_if_the_plan_says_so(
    tmp_path: Path, ends: bool
) -> None:
    field = FieldSettings("order", timeout_s=60.0, ends_on_speech=ends)
    async with collecting(tmp_path, field) as running:
        await asks(running, "order")
        await running.endpoint.say(
            {"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 0}
        )
        await running.told.until(facts.CallerSpeechStarted)
        if not ends:
            running.presses("1#")
        text = (await running.messages())[0]
        assert text.startswith("interrupted: " if ends else "collected: 1")


async def test_a_caller_who_hangs_up_ends_it(tmp_path: Path) -> None:
    async with collecting(tmp_path, CARD_FIELD) as running:
        await asks(running, "card_number")
        running.presses("4111")
        running.far_end.hangs_up()
        await running.ended
        collected = await running.told.until(facts.DigitsCollected)
        assert collected == facts.DigitsCollected("card_number", "hung_up", 4, "")


async def test_two_numbers_are_not_collected_at_once(tmp_path: Path) -> None:
    async with collecting(tmp_path, CARD_FIELD, ORDER_FIELD) as running:
        await running.calls(collect("order"), collect("card_number", "call_2"))
        (text,) = await running.messages()
        assert text == "failed: another number is being collected already."


async def has_card(running: KeyedCall) -> None:
    """Let the model ask for the card, and the caller key it in."""
    await asks(running, "card_number")
    running.presses(CARD + "#")
    (text,) = await running.messages()
    assert text.startswith("collected: card_number, 16 digits ending in 1111;")


@pytest.mark.parametrize("tool", ["charge", "fails"])
async def test_a_tool_gets_the_number_and_nobody_is_told_it(
    tmp_path: Path, tool: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with collecting(tmp_path, CARD_FIELD) as running:
        await has_card(running)
        await running.calls(function_call(tool, "call_2"), response_id="resp_2")
        _, output = await running.messages(2)
        assert HIDDEN in output
        assert "<collected: card_number>" in output or tool == "fails"
        called = await running.told.until(facts.ToolCalled, 2)
        assert called.output == output
    seen = orjson.dumps(running.endpoint.received).decode() + str(
        [asdict(fact) for _, fact in running.told.facts]
    )
    assert CARD[:6] not in seen
    ours = [record.getMessage() for record in caplog.records if record.name != "shop"]
    assert not any(CARD[:6] in text for text in ours)
    assert {
        fact.digit for _, fact in running.told.facts if isinstance(fact, facts.DigitPressed)
    } == {"x"}


def loud(pcm: Pcm) -> int:
    """Return how many samples are more than noise."""
    return int((np.abs(pcm.astype(np.int32)) > 1_000).sum())


@pytest.mark.parametrize("in_band", [True, False])
async def test_neither_agent_nor_recording_hears_the_caller_meanwhile(
    tmp_path: Path, in_band: bool
) -> None:
    voice = tone(300, 200, 8_000)
    async with collecting(
        tmp_path, CARD_FIELD, in_band=in_band, recording=RecordingSetup()
    ) as running:
        running.sounds(voice)
        await running.heard_by_the_model(10)
        before = await running.heard_by_the_model(10)
        assert loud(pcmu_to_pcm(b"".join(before))) > 1_000
        await asks(running, "card_number")
        running.sounds(voice)
        running.sounds(keyed(CARD + "#"))
        if not in_band:
            running.presses(CARD + "#")
        await running.messages()
        running.sounds(voice)
        frames = await running.heard_by_the_model(10 + 10 + 17 * 6 + 10)
        assert loud(pcmu_to_pcm(b"".join(frames[10:]))) == 0
        running.far_end.hangs_up()
        await running.ended
    (path,) = tmp_path.glob("**/*.wav")
    with wave.open(str(path)) as reader:
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    assert 0 < loud(both[:, 0]) <= len(voice)


async def test_the_caller_is_heard_again_once_the_number_is_whole(tmp_path: Path) -> None:
    async with collecting(tmp_path, CARD_FIELD, digits=DigitSettings()) as running:
        await asks(running, "card_number")
        running.presses(CARD + "#")
        await running.messages()
        running.sounds(tone(300, 20, 8_000))
        (frame,) = await running.heard_by_the_model(1)
        assert loud(pcmu_to_pcm(frame)) == 0
        while loud(pcmu_to_pcm(frame)) == 0:
            heard = len(await running.heard_by_the_model(1))
            running.sounds(tone(300, 20, 8_000))
            frame = (await running.heard_by_the_model(heard + 1))[heard]
