"""What the target of a transfer hears before it takes the call, and in whose voice.

The agent says it, in a session that is opened while the target's telephone rings. Who has answered
is not kept waiting: if the agent makes no sound within ``READY_S``, stops in the middle, or cannot
be had, the local voice says it all, from the beginning.

| resource      | acquired               | released                     | on failure          |
|---------------|------------------------|------------------------------|---------------------|
| agent's voice | ``make``               | once all was made, ``stop``  | the local voice     |
| local voice   | when the agent's failed| once all was made            | nothing is heard    |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Literal, TypeAlias, cast

from sipagent.audio.frames import Pcm
from sipagent.audio.resample import Resampler
from sipagent.errors import SipAgentError

from .agent_voice import RATE_HZ
from .setup import Prompt

log = logging.getLogger(__name__)

READY_S = 2.0
"""From the answer to the agent's first sound: longer, and people hang up."""
STALL_S = 2.0
"""Between one piece of its sound and the next, though they are made faster than they are heard."""

LONGEST_S = 60.0
"""Of the agent's sound: nobody listens longer, and some models do not stop."""

Voice: TypeAlias = Literal["", "agent", "local"]

Speak: TypeAlias = Callable[[str], AsyncIterator[Pcm]]
"""Says words as the agent, piece by piece at ``agent_voice.RATE_HZ``; raises ``SipAgentError``."""
Say: TypeAlias = Callable[[str], Awaitable[Prompt | None]]
"""Returns words as sound of the local voice, None if there is none."""


class Briefing:
    """Have words said to one target.

    Args:
        words: ``""``: nothing is to be said.
        speak: The agent.
        say: The local voice.
    """

    def __init__(self, words: str, *, speak: Speak, say: Say) -> None:
        self._words = words.strip()
        self._speak, self._say = speak, say
        self._pieces: asyncio.Queue[Pcm | None] = asyncio.Queue()
        self._making: asyncio.Task[None] | None = None
        self._is_whole = self._is_stopped = False
        self.voice: Voice = ""
        """Who was heard; in the end the local voice, where both were."""

    async def make(self) -> None:
        """Have the agent say it; whoever waits for :meth:`pieces` gets them as they are made."""
        if self._words and not self._is_stopped:
            self._making = asyncio.get_running_loop().create_task(
                self._make(), name="agent's briefing"
            )
            try:
                await asyncio.wait([self._making])
            finally:
                self._making.cancel()
                await asyncio.wait([self._making])  # its session is closed before the call is over
            if not self._making.cancelled():
                self._making.result()
        self._pieces.put_nowait(None)

    def stop(self) -> None:
        """Let the agent say no more; harmless when it does not."""
        self._is_stopped = True
        if self._making is not None:
            self._making.cancel()

    async def pieces(self, rate_hz: int) -> AsyncIterator[Pcm]:
        """Yield the sound at ``rate_hz``; the target has answered."""
        if not self._words:
            return
        resampler = Resampler(RATE_HZ, rate_hz)
        limit_s = READY_S
        while (piece := await self._next(limit_s)) is not None:
            self.voice, limit_s = "agent", STALL_S
            yield resampler.convert(piece)
        self.stop()
        if self.voice and self._is_whole:
            yield resampler.flush()
            return
        log.warning("! a briefing is said by the local voice")
        prompt = await self._say(self._words)
        if prompt is not None:
            self.voice = "local"
            yield prompt.at_rate(rate_hz)

    async def _make(self) -> None:
        try:
            speaking = cast(AsyncGenerator[Pcm, None], self._speak(self._words))
            async with aclosing(speaking):
                made_s = 0.0
                async for piece in speaking:
                    self._pieces.put_nowait(piece)
                    made_s += len(piece) / RATE_HZ
                    if made_s > LONGEST_S:
                        log.warning("! a briefing that does not end is cut")
                        break
        except SipAgentError as error:
            log.warning("! a briefing that the agent cannot say: %s", error)
        else:
            self._is_whole = True

    async def _next(self, limit_s: float) -> Pcm | None:
        """Return the next piece, None if there is none in time."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._pieces.get()
        except TimeoutError:
            return None
