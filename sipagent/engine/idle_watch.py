"""Ask ``Idle`` for its deadline, wait for it, and tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .idle import Idle


class IdleWatch:
    """Watch one session.

    Args:
        triggered: Called with the seconds since the last answer was heard.
    """

    def __init__(self, triggered: Callable[[float], Awaitable[None]]) -> None:
        self._idle = Idle()
        self._triggered = triggered
        self._changed = asyncio.Event()
        self._now = asyncio.get_running_loop().time

    def configure(self, timeout_ms: int | None) -> None:
        """Take another timeout; None: never."""
        self._idle.configure(timeout_ms)
        self._changed.set()

    def response_began(self) -> None:
        """Note that an answer is made."""
        self._idle.response_began()
        self._changed.set()

    def audio_began(self) -> None:
        """Note that audio of the answer was sent."""
        self._idle.audio_began(now=self._now())

    def response_ended(self, audio_ms: int, *, is_cut: bool) -> None:
        """Note that an answer is made, and how much of it there is to hear."""
        self._idle.response_ended(audio_ms, now=self._now(), is_cut=is_cut)
        self._changed.set()

    def playing(self, is_playing: bool) -> None:
        """Note whether the engine plays something itself."""
        self._idle.playing(is_playing, now=self._now())
        self._changed.set()

    def speech_began(self) -> None:
        """Note that the caller speaks."""
        self._idle.speech_began()
        self._changed.set()

    def speech_ended(self) -> None:
        """Note that the caller has ended."""
        self._idle.speech_ended()
        self._changed.set()

    async def run(self) -> None:
        """Tell of every timeout, until cancelled."""
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._idle.deadline()):
                    await self._changed.wait()
            except TimeoutError:
                self._idle.fire()
                await self._triggered(self._now() - self._idle.heard_at)
