"""The built-in test phone: dials, speaks, listens, hangs up.

It hears what a caller hears: frames that crossed SIP and RTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.resample import resample
from sipagent.audio.wav import WavWriter
from sipagent.errors import SipError
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.media_port import MediaPort

from .ear import Ear


class Phone:
    """One outgoing call of the test phone.

    Use as an async context manager: leaving it hangs up.

    Args:
        endpoint: Started, of this process.
        uri: Whom to call.
        caller: User part of From.
    """

    def __init__(self, endpoint: SipEndpoint, uri: str, *, caller: str = "sipagent") -> None:
        self._endpoint, self._uri, self._caller = endpoint, uri, caller
        self._now = asyncio.get_running_loop().time
        self._changed = asyncio.Condition()
        self._leg: SipCall | None = None
        self._media: MediaPort | None = None
        self._said = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._received: list[Pcm] = []
        self.ear = Ear()
        self.is_answered = False
        self.status: int | None = None
        """Final status once the call is over."""
        self.reason = ""
        self.ended_by_peer = False

    async def __aenter__(self) -> Phone:
        self._leg = await self._endpoint.dial(self._uri, from_user=self._caller)
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._follow(self._leg), name="phone events"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def has_ended(self) -> bool:
        """Tell whether the call is over."""
        return self.status is not None

    @property
    def rate_hz(self) -> int:
        """Sampling rate of what is heard and said.

        Raises:
            SipError: If there is no media yet.
        """
        return self._port().rate_hz

    def say(self, pcm: Pcm, rate_hz: int) -> None:
        """Speak ``pcm``; returns at once."""
        port = self._port()
        self._said += 1
        item_id = f"said-{self._said}"
        port.push(item_id, resample(pcm, rate_hz, port.rate_hz))
        port.finish(item_id)

    async def until_said(self) -> None:
        """Wait until everything said has gone out."""
        await self.until(lambda: self._port().is_idle)

    async def until_answered(self, timeout_s: float = 32.0) -> None:
        """Wait for the answer.

        Raises:
            SipError: If the call was refused, ``status`` says how, or nobody answered in time.
        """
        try:
            await self.until(
                lambda: self.has_ended or (self.is_answered and self._media is not None), timeout_s
            )
        except TimeoutError:
            raise SipError(f"{self._uri} did not answer within {timeout_s:g} s") from None
        if self.has_ended and not self.is_answered:
            raise SipError(f"{self._uri}: {self.reason}", status=self.status or 0)

    async def until_ended(self, timeout_s: float) -> None:
        """Wait until the call is over.

        Raises:
            TimeoutError: If it is not over in time.
        """
        await self.until(lambda: self.has_ended, timeout_s)

    async def until_silent(self, silent_s: float, timeout_s: float) -> None:
        """Wait until nothing was heard for ``silent_s``, or the call is over.

        Raises:
            TimeoutError: If the other end keeps talking.
        """
        await self.until(
            lambda: self.has_ended or self.ear.silent_s(now=self._now()) >= silent_s, timeout_s
        )

    async def until_answer(self, silent_s: float, timeout_s: float = 30.0) -> None:
        """Wait until all is said, something new was heard, and it was silent again."""
        await self.until_said()
        spans = len(self.ear.spans)
        await self.until(lambda: self.has_ended or len(self.ear.spans) > spans, timeout_s)
        await self.until_silent(silent_s, timeout_s)

    async def until(self, predicate: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait until ``predicate`` holds; looked at after each frame and each event.

        Raises:
            TimeoutError: If it does not hold in time.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(predicate)

    async def hang_up(self) -> None:
        """End the call and wait until it is over; harmless when it is."""
        if self._leg is None or self.has_ended:
            return
        self._leg.hang_up()
        try:
            await self.until_ended(5.0)
        except TimeoutError:
            self.status = 408

    def write(self, path: Path) -> None:
        """Write what was heard as a mono WAV file."""
        writer = WavWriter(path, self.rate_hz, 1)
        writer.write(self.heard())
        writer.close()

    def heard(self) -> Pcm:
        """Return everything heard, from the first frame on."""
        return np.concatenate(self._received) if self._received else np.zeros(0, np.int16)

    def _port(self) -> MediaPort:
        if self._media is None:
            raise SipError("the call has no media yet")
        return self._media

    async def _follow(self, leg: SipCall) -> None:
        while not self.has_ended:
            event = await leg.events.get()
            async with self._changed:
                self._take(event, leg)
                self._changed.notify_all()

    def _take(self, event: sip_events.SipEvent | sip_events.MediaFact, leg: SipCall) -> None:
        match event:
            case sip_events.Confirmed():
                self.is_answered = True
            case sip_events.MediaStarted() if self._media is None:
                assert leg.media is not None
                self._media = leg.media
                loop = asyncio.get_running_loop()
                self._tasks.append(loop.create_task(self._listen(leg.media), name="phone ear"))
            case sip_events.Disconnected(status=status, reason=reason, by_peer=by_peer):
                self.status, self.reason, self.ended_by_peer = status, reason, by_peer
            case _:
                pass

    async def _listen(self, media: MediaPort) -> None:
        while frames := await media.next_frames():
            async with self._changed:
                self._hear(frames)
                self._changed.notify_all()

    def _hear(self, frames: Sequence[Pcm]) -> None:
        now = self._now()
        for frame in frames:
            self.ear.hear(frame, now=now)
            self._received.append(frame)
