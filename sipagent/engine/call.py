"""One phone call at the engine: its leg, its session once it is accepted, and who controls it.

| resource | acquired   | released                   | on failure                                 |
|----------|------------|----------------------------|--------------------------------------------|
| leg      | handed in  | its ``LegEnded``           | is the call's end                          |
| session  | ``accept`` | the call's end             | what failed is logged; the call goes on    |
| member   | ``attach`` | ``detach``, the call's end | dropped; the call and the others go on     |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sipagent.audio.resample import Resampler
from sipagent.errors import CallGone
from sipagent.wire.server import InputAudioBufferDtmfEventReceived, SessionCreated

from .audience import Audience, Member
from .call_requests import accepted_session
from .call_state import CallConflictError, CallState, CallStep, advance
from .checks import Json
from .connection import Connection, message_of
from .leg import (
    CallerAudio,
    DigitReceived,
    FirstFramePlayed,
    ItemPlayed,
    Leg,
    LegAnswered,
    LegEnded,
    LegEvent,
)
from .session import Parts, Session
from .vad.silero import RATE_HZ

log = logging.getLogger(__name__)


class RealtimeCall:
    """Drive one call.

    Args:
        realtime_call_id: Of the call.
        leg: Of the caller; not answered.
        parts: Of sessions.
        clock: Unix seconds.
    """

    def __init__(
        self, realtime_call_id: str, leg: Leg, parts: Parts, clock: Callable[[], float]
    ) -> None:
        self.realtime_call_id = realtime_call_id
        self._leg, self._parts, self._clock = leg, parts, clock
        self.state = CallState.PENDING
        self._session: Session | None = None
        self._audience = Audience()
        self._resampler: Resampler | None = None
        self.decided = asyncio.Event()
        """Whether nobody has to decide any more."""
        self._ended = asyncio.Event()

    # What is decided about it.

    async def accept(self, body: Json) -> None:
        """Answer, with a session configured so.

        Raises:
            InvalidConfigError: If a field is wrong; the call still waits then.
            CallConflictError: If it was accepted before.
            CallGone: If it is over.
        """
        state = advance(self.state, CallStep.ACCEPT)
        session = Session(
            self._parts,
            None,
            now=int(self._clock()),
            send=self._audience.send,
            expired=self._expired,
            leg=self._leg,
        )
        session.configure(accepted_session(body))
        self._session = session
        self._enter(state, CallStep.ACCEPT)
        self._leg.answer()
        await session.open()

    def reject(self, status_code: int) -> None:
        """Do not take the call.

        Raises:
            CallConflictError: If it was accepted before.
            CallGone: If it is over.
        """
        self._enter(advance(self.state, CallStep.REJECT), CallStep.REJECT)
        self._leg.reject(status_code)

    def refer(self, target_uri: str) -> None:
        """Send the caller elsewhere.

        Raises:
            CallGone: If the call is over.
        """
        self._enter(advance(self.state, CallStep.REFER), CallStep.REFER)
        self._leg.refer(target_uri)

    def hang_up(self) -> None:
        """End the call.

        Raises:
            CallGone: If it is over.
        """
        self._enter(advance(self.state, CallStep.HANG_UP), CallStep.HANG_UP)
        self._leg.hang_up()

    # Who controls it.

    def check_attachable(self) -> None:
        """See whether it has a session to attach to.

        Raises:
            CallConflictError: If nobody has accepted it yet.
            CallGone: If it is over.
        """
        if self.state is CallState.ENDED:
            raise CallGone("the call is over")
        if self._session is None:
            raise CallConflictError("the call has not been accepted yet")

    async def attach(self, member: Member) -> Connection | None:
        """Let a client control the call; None: it is over."""
        if self._session is None or self.state is CallState.ENDED:
            return None
        await member.send(message_of(SessionCreated(session=self._session.config)))
        self._audience.join(member)
        return Connection(self._session, member.send)

    def detach(self, member: Member) -> None:
        """Note that a client is gone."""
        self._audience.leave(member)

    # Its life.

    async def run(self) -> None:
        """Wait until the call is over, then end its session, and tell who controls it."""
        await self._ended.wait()
        if self._session is not None:
            await self._session.close()
        self._audience.end()

    async def follow(self) -> None:
        """Take what happens on the leg, to its end."""
        while not isinstance(event := await self._leg.events.get(), LegEnded):
            if self._session is not None and self.state is CallState.ACCEPTED:
                await self._take(event, self._session)
        self._enter(advance(self.state, CallStep.LEG_ENDED), CallStep.LEG_ENDED)

    async def _take(self, event: LegEvent, session: Session) -> None:
        player = session.player
        assert player is not None
        match event:
            case LegAnswered(rate_hz=rate_hz):
                self._resampler = Resampler(rate_hz, RATE_HZ)
                player.answered(rate_hz)
            case CallerAudio(frames=frames) if self._resampler is not None:
                for frame in frames:
                    await session.hear(self._resampler.convert(frame))
            case DigitReceived(digit=digit):
                at = int(self._clock())
                await self._audience.send(
                    InputAudioBufferDtmfEventReceived(event=digit, received_at=at)
                )
            case FirstFramePlayed(item_id=item_id):
                await player.item_began(item_id)
            case ItemPlayed(item_id=item_id):
                await player.item_played(item_id)
            case _:
                pass

    def _enter(self, state: CallState, step: CallStep) -> None:
        if self.state is not CallState.ENDED:
            log.info("call=%s = %s", self.realtime_call_id, step.value)
        self.state = state
        self.decided.set()
        if state is CallState.ENDED:
            self._ended.set()

    async def _expired(self) -> None:
        if self.state is not CallState.ENDED:
            self.hang_up()
