"""Calls that the appliance places, on the embedded engine, over real SIP and RTP."""

from __future__ import annotations

import asyncio
import os
import sys
import wave
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypeAlias

import aiohttp
import numpy as np
from numpy.typing import NDArray

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.resample import resample
from sipagent.audio.tones import tone
from sipagent.calls.ear import Ear
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker
from sipagent.sip.call import SipCall
from tests.telephony.harness import switchboard, told

from .appliance import ROOT, Appliance, appliance, write_files
from .test_api import ended

PLAN = """
name = "test"
[match]
called = "{called}"
[session]
script = "test"
greeting = "Say: Hello {{{{name}}}}."
[recording]
enabled = true
[[agents]]
name = "Agent"
instructions = "Be brief."
tools = ["hangup"]
[outgoing]
caller_id = "+49301234"
speaks_first = "{speaks_first}"
[outgoing.voicemail]
action = "leave_message"
message = "Say: This is for {{{{name}}}}, call back."
"""
SCRIPT = """
[[agents]]
name = "Agent"
greeting = "Hello."
otherwise = ["Sorry?"]
[[agents.rules]]
heard = ["goodbye"]
say = "Bye."
call = "hangup"
[[agents.rules]]
heard = ["this number is not in service"]
say = "Oh."
[[agents.rules]]
heard = ["please state your name and the reason for calling today"]
say = "Oh."
"""
NOT_IN_SERVICE = "this number is not in service"
QUESTION = "please state your name and the reason for calling today"
GREETING = "You have reached Ada Miller, please leave a message after the tone."
BEEP_HZ = 1_000

Samples: TypeAlias = NDArray[np.int32]


def written(folder: Path, speaks_first: str) -> Path:
    """Write configuration, plan and script; return the configuration file."""
    (folder / "plans").mkdir()
    (folder / "plans" / "test.script.toml").write_text(SCRIPT)
    plan = PLAN.replace("{speaks_first}", speaks_first)
    config = write_files(folder, realtime_url="embedded", plan=plan)
    text = config.read_text() + '[dial]\nallow = ["sip:*@127.0.0.1"]\n'
    config.write_text(text)
    return config


async def spoken(text: str) -> Pcm:
    """Return a voice at 8 kHz."""
    speaker = Speaker()
    try:
        return resample(await caller_speech(text, speaker), speaker.rate_hz, 8_000)
    finally:
        await speaker.close()


async def picked_up(incoming: asyncio.Queue[SipCall]) -> SipCall:
    """Let the telephone ring, and answer it."""
    leg = await incoming.get()
    assert leg.invite.caller_user == "+49301234"
    leg.progress(180)
    leg.answer()
    await told(leg, "Confirmed")
    return leg


def say(leg: SipCall, pcm: Pcm) -> None:
    """Speak into the telephone."""
    assert leg.media is not None
    leg.media.push("said", resample(pcm, 8_000, leg.media.rate_hz))
    leg.media.finish("said")


async def test_a_person_is_greeted_heard_and_answered(tmp_path: Path) -> None:
    config = written(tmp_path, "agent")
    goodbye = await spoken("goodbye")
    async with appliance(tmp_path, config=config) as running, switchboard() as board:
        dialled = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sipagent", "dial"),
            f"sip:ada@127.0.0.1:{board.endpoint.port}",
            *("--plan", "test", "--variable", "name=Ada", "--wait", "-c", str(config)),
            cwd=ROOT,
            env=os.environ | {"SIPAGENT_HTTP__PORT": str(running.http_port)},
            stdout=asyncio.subprocess.PIPE,
        )
        leg = await picked_up(board.incoming)
        assert leg.media is not None
        loop, ear, has_answered = asyncio.get_running_loop(), Ear(), False
        while frames := await leg.media.next_frames():
            for frame in frames:
                ear.hear(frame, now=loop.time())
            if ear.spans and not has_answered and ear.silent_s(now=loop.time()) > 0.8:
                has_answered = True
                say(leg, goodbye)
        output, _ = await dialled.communicate()
        (record,) = await running.until_records(1)
        assert (record["direction"], record["reason"]) == ("outgoing", "agent_hung_up")
        said = [turn["said"] for turn in record["turns"]]
        assert (said[0], said[-1]) == ("Hello Ada.", "Bye.")
        assert len(ear.spans) >= 2
        assert dialled.returncode == 0
        assert "talking\n" in (text := output.decode()), text
        assert text.endswith("answered by a human\ncompleted: agent_hung_up (by Agent)\n"), text
        assert await running.series('sipagent_dials_total{outcome="placed"}') == 1.0


async def test_a_machine_gets_its_message_after_the_beep(tmp_path: Path) -> None:
    greeting = await spoken(GREETING)
    beep = tone(BEEP_HZ, 400, 8_000, level_dbov=-18.0)
    config = written(tmp_path, "callee")
    async with appliance(tmp_path, config=config) as running, switchboard() as board:
        to = f"sip:ada@127.0.0.1:{board.endpoint.port}"
        call_id = await placed(running, to)
        leg = await picked_up(board.incoming)
        say(leg, np.concatenate([greeting, silence(2_400), beep]))
        (record,) = await running.until_records(1)
        assert (record["result"], record["reason"]) == ("completed", "message_left")
        assert record["callee"]["kind"] == "machine"
        assert [turn["said"] for turn in record["turns"]] == ["This is for Ada, call back."]
        assert record["turns"][0]["interrupted"] is False
        assert (await ended(running, call_id))["reason"] == "message_left"
    (path,) = (tmp_path / "recordings").glob("**/*.wav")
    callee, agent, rate_hz = stereo(path)
    first_word = int(np.argmax(np.abs(agent) > 1_000)) / rate_hz
    last_of_beep = int(np.flatnonzero(np.abs(callee) > 1_000)[-1]) / rate_hz
    assert last_of_beep < first_word < last_of_beep + 3
    # A recording begins a little after the answer where the machine is slow.
    assert abs(record["callee"]["beep_ms"] / 1000 - last_of_beep) < 0.5


async def test_networks_are_heard_and_assistants_answered(tmp_path: Path) -> None:
    announcement, question = await spoken(NOT_IN_SERVICE), await spoken(QUESTION)
    config = written(tmp_path, "callee")
    plan = tmp_path / "plans" / "test.toml"
    listens = 'early_media = "listen"\n[outgoing.voicemail]\naction = "hang_up"\n'
    screens = '[outgoing.screening]\nsay = "Say: This is about {{name}}."\n'
    plan.write_text(plan.read_text().partition("[outgoing.voicemail]")[0] + listens + screens)
    async with appliance(tmp_path, config=config) as running, switchboard() as board:
        to = f"sip:ada@127.0.0.1:{board.endpoint.port}"
        await placed(running, to)
        leg = await board.incoming.get()
        leg.progress(183)
        await told(leg, "MediaStarted")
        say(leg, announcement)
        await told(leg, "ItemPlayed")
        leg.reject(404)
        (record,) = await running.until_records(1)
        assert (record["reason"], record["answer_ms"]) == ("wrong_number", None)
        (turn,) = record["turns"]
        assert are_words(turn["said"], NOT_IN_SERVICE)

        await placed(running, to)
        leg = await picked_up(board.incoming)
        say(leg, question)
        timeline = tmp_path / "timeline.jsonl"
        await running.until(lambda: b'"This is about Ada."' in timeline.read_bytes(), bool)
        leg.hang_up()
        _, record = await running.until_records(2)
        assert (record["callee"]["kind"], record["reason"]) == ("screening", "callee_hung_up")
        assert are_words(record["turns"][0]["said"], QUESTION)


def are_words(said: str, words: str) -> bool:
    """Tell whether nearly all was understood; a machine that stalls tears a word out of speech."""
    return SequenceMatcher(None, said.lower().split(), words.split()).ratio() > 0.7


def stereo(path: Path) -> tuple[Samples, Samples, int]:
    """Return what was heard of the callee and of the agent, and its rate."""
    with wave.open(str(path)) as recording:
        pcm = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").reshape(-1, 2)
        return pcm[:, 0].astype(np.int32), pcm[:, 1].astype(np.int32), recording.getframerate()


async def placed(running: Appliance, to: str) -> str:
    """Ask for a call; return its id."""
    body = {"to": to, "plan": "test", "variables": {"name": "Ada"}}
    url = f"http://127.0.0.1:{running.http_port}/api/v1/calls"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        assert response.status == 202
        return str((await response.json())["call_id"])
