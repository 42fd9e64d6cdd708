"""A caller who talks to the front desk of ``dialplans/``, over whatever line it is given."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks.mouth import Mouth
from sipagent.audio.resample import resample
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker
from tests.appliance.appliance import ROOT, Appliance, appliance

from .rtp import RtpPeer

DIALPLANS = ROOT / "dialplans"
RATE_HZ = 8_000
HEARS_LIMIT_S = 20.0

GREETING, GOODBYE = "Good morning.", "Goodbye!"
BRIEF = {
    "{output} Is there anything else?": "{output}",
    "Good morning, this is the front desk of Northwind. How can I help you?": GREETING,
    "Hello, this is billing. Which invoice is it about?": "Hello, this is billing.",
    "Thank you for calling. Goodbye!": GOODBYE,
}
"""What agents say less of than in the example, so that tests are short."""


class Talker:
    """Someone who speaks and listens.

    Args:
        running: Who is called.
        called: The number they dial, unlike anybody else's.
        peer: Their media.
        speaker: Their voice.
    """

    def __init__(self, running: Appliance, called: str, peer: RtpPeer, speaker: Speaker) -> None:
        self._running, self._called = running, called
        self._peer, self._speaker = peer, speaker
        self._mouth = Mouth()
        self.repeated = 0
        """How often something had to be said again."""

    async def send(self) -> None:
        """Send audio until cancelled, silence where nothing is said."""
        await self._peer.send(self._mouth, await self._peer.destination())

    async def say(self, text: str) -> None:
        """Begin to say ``text``."""
        pcm = await caller_speech(text, self._speaker)
        self._mouth.say(resample(pcm, self._speaker.rate_hz, RATE_HZ))

    async def asks(self, text: str, answer: str) -> None:
        """Say ``text``, and once more if the agent answers something else: people do.

        Raises:
            AssertionError: If it does not say ``answer`` then; says what was said instead.
        """
        before = len(self.told("AgentSaid"))
        await self.say(text)
        if answer not in await self._heard(answer, or_more_than=before):
            self.repeated += 1
            await self.say(text)
            await self.hears(answer)

    async def hears(self, text: str) -> None:
        """Wait until the agent has said ``text``.

        Raises:
            AssertionError: If it does not; says what was said instead.
        """
        await self._heard(text)

    async def _heard(self, text: str, or_more_than: int = 1_000) -> list[str]:
        """Return what the agent has said once ``text`` is in it, or it is more than so much."""
        try:
            async with asyncio.timeout(HEARS_LIMIT_S):
                heard: list[str] = await self._running.until(
                    lambda: [fact["said"] for fact in self.told("AgentSaid")],
                    lambda said: text in said or len(said) > or_more_than,
                )
                return heard
        except TimeoutError:
            turns = self.told("CallerSaid") + self.told("AgentSaid")
            said = [turn.get("text") or turn["said"] for turn in turns]
            raise AssertionError(f"not {text!r} in {said}") from None

    def told(self, fact: str) -> list[dict[str, Any]]:
        """Return what the timeline has of one kind of this call."""
        path = self._running.folder / "timeline.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        facts = [orjson.loads(line) for line in lines]
        mine = {each["call_id"] for each in facts if each.get("called") == self._called}
        return [each for each in facts if each["fact"] == fact and each["call_id"] in mine]


def brief_script(text: str) -> str:
    """Return the example's script, with less to say."""
    for old, new in BRIEF.items():
        assert old in text
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def front_desk(folder: Path) -> AsyncIterator[Appliance]:
    """Run an appliance with the front desk's plan, for any number."""
    plans = folder / "plans"
    plans.mkdir()
    shutil.copy(DIALPLANS / "front_desk.py", plans)
    script = (DIALPLANS / "front-desk.script.toml").read_text()
    (plans / "front-desk.script.toml").write_text(brief_script(script))
    plan = (DIALPLANS / "front-desk.toml").read_text()
    async with appliance(folder, realtime_url="embedded", plan=plan) as running:
        yield running


@asynccontextmanager
async def talking(running: Appliance, called: str, peer: RtpPeer) -> AsyncIterator[Talker]:
    """Send audio of a caller who is up, until the end of the block."""
    speaker = Speaker()
    talker = Talker(running, called, peer, speaker)
    sending = asyncio.get_running_loop().create_task(talker.send(), name="caller")
    try:
        yield talker
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        await speaker.close()
