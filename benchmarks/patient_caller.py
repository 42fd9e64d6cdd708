"""A caller who asks the front desk of ``dialplans/`` every 20 s when it is open.

Their sequence numbers and timestamps wrap early in the call (RFC 3550 section 5.1). The session
timer is the callee's to refresh (RFC 4028); now and then the caller offers again.
"""

from __future__ import annotations

import asyncio

from sipagent.audio.frames import Pcm
from sipagent.audio.resample import resample
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker

from .marks import RATE_HZ
from .mouth import Mouth
from .questions import Question
from .rtp import PACKET_S, Address, RtpEnd
from .user_agent import UserAgent

DAYS = ("Monday", "Tuesday", "Wednesday", "Friday", "Saturday")
"""The engine takes its own voice's Sunday for Monday, now and then Thursday for Wednesday."""

ASK_EVERY_S = 20.0
FIRST_ASK_S = 8.0
"""The greeting is over by then."""
OFFER_AGAIN_EVERY_S = 100.0
END_LIMIT_S = 10.0
SEQUENCE_WRAP_SHARE, TIMESTAMP_WRAP_SHARE = 0.2, 0.4
"""Where in the call the caller's own numbers begin again."""

TIMER = (
    "Supported: timer",
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE",
    "Session-Expires: 90;refresher=uas",
)


class CallerStopped(Exception):
    """The caller did not do all it was to do."""


class PatientCaller:
    """One call.

    Args:
        target: SIP address of the appliance.
        minutes: How long to talk.
    """

    def __init__(self, target: Address, minutes: float) -> None:
        self._length_s = minutes * 60
        self._loop = asyncio.get_running_loop()
        packets = self._length_s / PACKET_S
        self.mouth = Mouth()
        self.agent = UserAgent(target, "front-desk")
        self.media = RtpEnd(
            lambda _: next(self.mouth),
            phase_s=0.005,
            first_sequence=round(-SEQUENCE_WRAP_SHARE * packets) & 0xFFFF,
            first_timestamp=round(-TIMESTAMP_WRAP_SHARE * self._length_s * RATE_HZ) & 0xFFFFFFFF,
        )
        self.questions: list[Question] = []
        self.offers = 0
        """Made again in mid-call, and answered."""

    async def talk(self, questions: dict[str, Pcm]) -> None:
        """Call, ask until the time is over, hang up.

        Raises:
            CallerStopped: If audio or offers ended before that.
        """
        await self.agent.open()
        callee = await self.agent.invite(self.media.port, headers=TIMER)
        rtp = self._loop.create_task(self.media.send(callee), name="rtp")
        offers = self._loop.create_task(self._offer_again(), name="offers")
        try:
            await self._ask(questions)
        finally:
            failed = [task.exception() for task in (rtp, offers) if task.done()]
            for task in (rtp, offers):
                task.cancel()
            await asyncio.wait([rtp, offers])
            async with asyncio.timeout(END_LIMIT_S):
                await self.agent.bye()
            self.media.close()
            self.agent.close()
        if failed:
            raise CallerStopped(*map(repr, failed))

    async def _ask(self, questions: dict[str, Pcm]) -> None:
        begin = self._loop.time()
        at = begin + FIRST_ASK_S
        while at < begin + self._length_s - ASK_EVERY_S:
            await asyncio.sleep(at - self._loop.time())
            if self.agent.ended.is_set():
                return
            day = DAYS[len(self.questions) % len(DAYS)]
            self.questions.append(Question(day, self._loop.time()))
            self.mouth.say(questions[day])
            at += ASK_EVERY_S
        await asyncio.sleep(begin + self._length_s - self._loop.time())

    async def _offer_again(self) -> None:
        while True:
            await asyncio.sleep(OFFER_AGAIN_EVERY_S)
            await self.agent.invite(self.media.port, headers=TIMER)
            self.offers += 1


async def spoken_questions() -> dict[str, Pcm]:
    """Return each question as a caller says it."""
    speaker = Speaker()
    try:
        return {
            day: resample(
                await caller_speech(f"What are your opening hours on {day}?", speaker),
                speaker.rate_hz,
                RATE_HZ,
            )
            for day in DAYS
        }
    finally:
        await speaker.close()
