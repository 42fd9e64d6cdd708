"""A SIP leg as the engine's session sees it: translates, decides next to nothing.

What it does decide: a caller who was not answered is sent elsewhere by 302, one who was by REFER
(RFC 3515), and is let go once the other end has answered. A caller whose REFER failed is still
ours, and the call goes on.

Runs on the loop. The queue is bounded: a session that does not keep up lets frames wait in the
leg's media port, which drops the oldest; events are never dropped, and keep their order.

| resource        | acquired         | released               | on failure                       |
|-----------------|------------------|------------------------|----------------------------------|
| task of frames  | ``LegAnswered``  | the leg's end          | ends ``run``, which raises       |
| timer           | 200, BYE         | ACK, the leg's end     | hung up, or given up             |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto

from sipagent.audio.frames import Pcm
from sipagent.audio.playout import Heard
from sipagent.engine.leg import (
    CallerAudio,
    DigitReceived,
    FirstFramePlayed,
    ItemPlayed,
    LegAnswered,
    LegEnded,
    LegEvent,
)
from sipagent.errors import SipError
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall
from sipagent.sip.media_port import MediaPort
from sipagent.sip.states import LegState

log = logging.getLogger(__name__)

NORMAL_CLEARING = 'Q.850;cause=16;text="hung up"'
TRANSFERRED = 'Q.850;cause=16;text="transferred"'
NO_ACK = 'Q.850;cause=102;text="no ACK"'
"""Reason headers of our BYEs (RFC 3326)."""

CAPACITY = 64
"""Events that wait for the session; a second or so of frames."""

CONFIRM_LIMIT_S = 32.0
"""64*T1: how long a 200 may wait for its ACK (RFC 3261 section 13.3.1.4)."""

RELEASE_LIMIT_S = 4.0
"""A BYE nobody answers is given up after this; PJSIP goes on retransmitting it."""


class _Stage(Enum):
    """How far what was decided about the caller has come."""

    OFFERED = auto()
    TAKEN = auto()
    LET_GO = auto()


class SipLeg:
    """One caller.

    Args:
        leg: Its SIP call, which has told nothing yet.
        confirm_limit_s: How long the ACK to our answer may take.
        release_limit_s: How long the answer to our BYE may take.
    """

    def __init__(
        self,
        leg: SipCall,
        *,
        confirm_limit_s: float = CONFIRM_LIMIT_S,
        release_limit_s: float = RELEASE_LIMIT_S,
    ) -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue(CAPACITY)
        self._leg = leg
        self._confirm_limit_s, self._release_limit_s = confirm_limit_s, release_limit_s
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._missing: set[type] = {sip_events.MediaStarted, sip_events.Confirmed}
        """What must still happen before audio flows both ways; its order differs."""
        self._stage = _Stage.OFFERED
        self._refer_to = ""
        """Where to send the caller once the ACK to our answer is here."""

    @property
    def sip_headers(self) -> Sequence[tuple[str, str]]:
        """Headers of the INVITE, in order of arrival."""
        return self._leg.invite.headers

    async def run(self) -> None:
        """Follow the leg to its end; ``LegEnded`` is in the queue then.

        Cancelling leaves the leg as it is, and nobody follows it.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                while not isinstance(
                    event := await self._leg.events.get(), sip_events.Disconnected
                ):
                    await self._take(event, tasks)
        finally:
            self._stop_timer()
        await self.events.put(LegEnded(f"{event.status} {event.reason}".strip()))

    # What is decided about it.

    def answer(self) -> None:
        """Send 200."""
        self._stage = _Stage.TAKEN
        self._start_timer(self._confirm_limit_s, self._unconfirmed)
        self._leg.answer()

    def reject(self, status_code: int) -> None:
        """Send a failure response."""
        self._leg.reject(status_code)

    def refer(self, target_uri: str) -> None:
        """Send 302 before the answer, REFER after it."""
        if self._stage is _Stage.OFFERED:
            self._leg.reject(302, headers=[("Contact", f"<{target_uri}>")])
        elif self._leg.state is LegState.ANSWERED:
            self._send_refer(target_uri)
        else:
            self._refer_to = target_uri

    def hang_up(self) -> None:
        """Send BYE, or 603 to who was not answered."""
        self._end(NORMAL_CLEARING)

    # What is played.

    def push(self, item_id: str, pcm: Pcm) -> None:
        """Queue audio of an item."""
        self._media.push(item_id, pcm)

    def finish(self, item_id: str) -> None:
        """Note that no more audio of an item comes."""
        self._media.finish(item_id)

    def flush(self) -> list[Heard]:
        """Stop at once; return how far each item got."""
        return self._media.flush()

    def heard(self, item_id: str) -> int:
        """Return how many milliseconds of an item were heard."""
        return self._media.heard(item_id)

    @property
    def _media(self) -> MediaPort:
        media = self._leg.media
        assert media is not None, "audio before LegAnswered"
        return media

    async def _take(
        self, event: sip_events.SipEvent | sip_events.MediaFact, tasks: asyncio.TaskGroup
    ) -> None:
        match event:
            case sip_events.MediaStarted():
                await self._up(sip_events.MediaStarted, tasks)
            case sip_events.Confirmed():
                if self._stage is _Stage.TAKEN:
                    self._stop_timer()
                await self._up(sip_events.Confirmed, tasks)
                if self._refer_to and self._stage is _Stage.TAKEN:
                    self._send_refer(self._refer_to)
            case sip_events.DtmfReceived(digit=digit):
                await self.events.put(DigitReceived(digit))
            case sip_events.FirstFramePlayed(item_id=item_id):
                await self.events.put(FirstFramePlayed(item_id))
            case sip_events.ItemPlayed(item_id=item_id):
                await self.events.put(ItemPlayed(item_id))
            case sip_events.ReferProgressed(status=status, is_final=True):
                self._referred(status)
            case _:
                pass

    async def _up(self, what: type, tasks: asyncio.TaskGroup) -> None:
        """Note that ``what`` has happened."""
        self._missing.discard(what)
        if not self._missing:
            await self.events.put(LegAnswered(self._media.rate_hz))
            tasks.create_task(self._listen(self._media), name="frames of a caller")

    async def _listen(self, media: MediaPort) -> None:
        while frames := await media.next_frames():
            await self.events.put(CallerAudio(frames))

    def _send_refer(self, target_uri: str) -> None:
        try:
            self._leg.refer(target_uri)
        except SipError as error:
            log.warning("leg %s ! %s", self._leg.invite.sip_call_id, error)

    def _referred(self, status: int) -> None:
        if 200 <= status < 300:
            self._end(TRANSFERRED)
        else:
            log.warning("leg %s ! REFER failed: %d", self._leg.invite.sip_call_id, status)

    def _end(self, reason_header: str) -> None:
        self._stage = _Stage.LET_GO
        self._start_timer(self._release_limit_s, self._unreleased)
        self._leg.hang_up(reason_header)

    def _unconfirmed(self) -> None:
        log.warning("leg %s ! no ACK", self._leg.invite.sip_call_id)
        self._end(NO_ACK)

    def _unreleased(self) -> None:
        """End as if the far end had answered; what it still says finds nobody."""
        log.warning("leg %s ! no answer to BYE", self._leg.invite.sip_call_id)
        if self._leg.media is not None:
            self._leg.media.close()
        self._leg.events.put_nowait(sip_events.Disconnected(408, "Request Timeout", by_peer=False))

    def _start_timer(self, limit_s: float, callback: Callable[[], None]) -> None:
        self._stop_timer()
        if self._leg.state is not LegState.ENDED:
            self._timer = self._loop.call_later(limit_s, callback)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
