"""The built-in test phone: dials, speaks, listens, presses keys, hangs up.

It hears what a caller hears: frames that crossed SIP and RTP. On an endpoint that follows REFERs
(RFC 3515) it goes where it is sent: it stays on the leg in use until the new one is answered, or
waits for that when the old one has ended before. The call is over when the leg in use is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.audio.resample import Resampler, resample
from sipagent.audio.wav import WavWriter
from sipagent.errors import SipError
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.media_port import MediaPort

from .ear import Ear
from .keys import check_keys, press_keys


class Phone:
    """One outgoing call of the test phone.

    Use as an async context manager: leaving it hangs up.

    Args:
        endpoint: Started, of this process.
        uri: Whom to call.
        caller: User part of From; a new leg after a REFER has the endpoint's own.
        headers: More headers of the INVITE.
        on_transferred: Called with each target of a REFER that answered.
    """

    def __init__(
        self,
        endpoint: SipEndpoint,
        uri: str,
        *,
        caller: str = "sipagent",
        headers: Sequence[tuple[str, str]] = (),
        on_transferred: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._endpoint, self._uri, self._caller = endpoint, uri, caller
        self._headers, self._on_transferred = headers, on_transferred
        self._now = asyncio.get_running_loop().time
        self._changed = asyncio.Condition()
        self._leg: SipCall | None = None
        """In use."""
        self._next: SipCall | None = None
        """Called because of a REFER; takes the place of the one in use when it is answered."""
        self._open_legs: set[SipCall] = set()
        self._is_leaving = False
        self._media: MediaPort | None = None
        """Of the leg in use; none while that is not answered."""
        self._rate_hz = 0
        self._said = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._received: list[Pcm] = []
        self.ear = Ear()
        self.is_answered = False
        self.status: int | None = None
        """Final status once the call is over."""
        self.reason = ""
        self.ended_by_peer = False
        self.transferred_to: list[str] = []
        """Targets of the REFERs that were followed and answered, in order."""

    async def __aenter__(self) -> Phone:
        self._leg = await self._endpoint.dial(
            self._uri, from_user=self._caller, headers=self._headers
        )
        self._open(self._leg)
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
        """Sampling rate of what is heard: the first leg's.

        Raises:
            SipError: If there is no media yet.
        """
        if not self._rate_hz:
            raise SipError("the call has no media yet")
        return self._rate_hz

    def say(self, pcm: Pcm, rate_hz: int) -> None:
        """Speak ``pcm``; returns at once."""
        port = self._port()
        self._said += 1
        item_id = f"said-{self._said}"
        port.push(item_id, resample(pcm, rate_hz, port.rate_hz))
        port.finish(item_id)

    async def press(self, digits: str) -> None:
        """Press keys one after the other (RFC 4733), pause at each comma; return after the last.

        Raises:
            SipError: If one is no key; none was pressed then.
        """
        check_keys(digits)
        await press_keys(digits, self._press)

    def _press(self, digit: str) -> None:
        if self._leg is not None:
            self._leg.send_dtmf(digit)

    async def until_said(self) -> None:
        """Wait until everything said has gone out, or the call is over."""
        await self.until(
            lambda: self.has_ended or (self._media is not None and self._media.is_idle)
        )

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

        While the other end sends us elsewhere there is no silence yet.

        Raises:
            TimeoutError: If the other end keeps talking.
        """
        await self.until(lambda: self.has_ended or self._is_silent(silent_s), timeout_s)

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
        self._is_leaving = True
        for leg in self._open_legs:
            leg.hang_up()
        try:
            await self.until(lambda: not self._open_legs, 5.0)
        except TimeoutError:
            self.status = 408 if self.status is None else self.status

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

    def _is_silent(self, silent_s: float) -> bool:
        is_here = self._media is not None and self._next is None
        return is_here and self.ear.silent_s(now=self._now()) >= silent_s

    def _open(self, leg: SipCall) -> None:
        self._open_legs.add(leg)
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._follow(leg), name="phone events"))

    async def _follow(self, leg: SipCall) -> None:
        while leg in self._open_legs:
            event = await leg.events.get()
            async with self._changed:
                self._take(event, leg)
                self._changed.notify_all()

    def _take(self, event: sip_events.SipEvent | sip_events.MediaFact, leg: SipCall) -> None:
        match event:
            case sip_events.Confirmed() if leg is self._next:
                self._go_on(leg)
            case sip_events.Confirmed():
                self.is_answered = True
            case sip_events.MediaStarted() if leg is self._leg:
                self._use_media(leg)
            case sip_events.Transferred(leg=successor):
                self._try(successor)
            case sip_events.Disconnected():
                self._open_legs.discard(leg)
                self._lost(leg, event)
            case _:
                pass

    def _try(self, successor: SipCall) -> None:
        """Follow a leg that is being called; of two, the later counts."""
        self._open(successor)
        if self._next is not None:
            self._next.hang_up()
        self._next = successor
        if self._is_leaving:
            successor.hang_up()

    def _go_on(self, leg: SipCall) -> None:
        self._leg, self._next = leg, None
        self._use_media(leg)
        self.transferred_to.append(leg.invite.called_uri)
        self._on_transferred(leg.invite.called_uri)

    def _lost(self, leg: SipCall, end: sip_events.Disconnected) -> None:
        """Note that a leg is over, and the call with it if no other can take its place."""
        if leg is self._next:
            self._next = None
        if self.has_ended or self._leg in self._open_legs:
            return
        if self._next is not None and not self._is_leaving:
            self._media = None
        else:
            self.status, self.reason, self.ended_by_peer = end.status, end.reason, end.by_peer

    def _use_media(self, leg: SipCall) -> None:
        """Hear and speak by ``leg`` from here on, if its media is there, and no other."""
        if leg.media is None or leg.media is self._media:
            return
        self._media = leg.media
        self._rate_hz = self._rate_hz or leg.media.rate_hz
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._listen(leg.media), name="phone ear"))

    async def _listen(self, media: MediaPort) -> None:
        resampler = Resampler(media.rate_hz, self.rate_hz)
        while frames := await media.next_frames():
            async with self._changed:
                if media is not self._media:
                    return
                self._hear(frames, resampler)
                self._changed.notify_all()

    def _hear(self, frames: Sequence[Pcm], resampler: Resampler) -> None:
        now = self._now()
        for frame in frames:
            self.ear.hear(frame, now=now)
            self._received.append(resampler.convert(frame))
