"""Our own call to the target of an attended transfer: one attempt, from INVITE to its end.

What happens there is told to the caller's call as events, in its inbox, so that they keep their
place among what else happens; nothing more is told once the attempt was ended.

| resource         | acquired   | released            | on failure                       |
|------------------|------------|---------------------|----------------------------------|
| leg (``SipCall``)| ``call``   | ``end``: CANCEL/BYE | ``ConsultEnded``                 |
| briefing         | ``call``   | ``end``             | see ``briefing``                 |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sipagent.errors import SipError
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall

from . import facts
from .briefing import Briefing, Voice
from .events import BriefingPlayed, ConsultAnswered, ConsultEnded, ConsultEvent, ConsultKeyPressed
from .part import CallHands
from .transfer_setup import TransferTarget

log = logging.getLogger(__name__)

BRIEFING_ITEM = "briefing"

Dial: TypeAlias = Callable[[str, str, str], Awaitable[SipCall]]
"""Takes a URI, the name of a trunk or ``""``, and our user part in From, ``""`` for the usual one;
raises ``SipError`` if no call can be made. Cancelling it leaves nobody ringing."""


async def no_line(uri: str, trunk: str, from_user: str) -> SipCall:
    """Call nobody: for calls that have no line of their own.

    Raises:
        SipError: Always.
    """
    raise SipError(f"cannot call {uri}: there is no line ({trunk}) for {from_user}")


class Consult:
    """One call to one target.

    Args:
        hands: Of the caller's call.
        target: Whom to call.
        dial: Makes the call.
        briefing: What it is told.
    """

    def __init__(
        self, hands: CallHands, target: TransferTarget, *, dial: Dial, briefing: Briefing
    ) -> None:
        self._hands, self._target = hands, target
        self._dial, self._briefing = dial, briefing
        self._is_over = self._is_answered = self._is_told = False
        self.leg: SipCall | None = None
        """There once the INVITE was sent."""

    @property
    def voice(self) -> Voice:
        """In whose voice the target was briefed."""
        return self._briefing.voice

    def call(self) -> None:
        """Send the INVITE; have the briefing made while the target's telephone rings."""
        self._hands.run(self._briefing.make, "briefing")
        self._hands.run(self._run, "consult")

    def brief(self) -> None:
        """Let the target hear the briefing."""
        self._hands.run(self._play_briefing, "briefing's sound")

    def end(self) -> None:
        """Hang up, and tell nothing more; harmless twice."""
        if not self._is_over and self.leg is not None:
            self.leg.hang_up()
        self._is_over = True
        self._briefing.stop()

    async def is_taken_over(self, limit_s: float) -> bool:
        """Wait for the end of the leg, which then was taken over; the caller's call is over.

        A telephone may hang up on us before it has taken the leg over (RFC 3891), and a BYE of ours
        would leave it nothing to take.
        """
        if self.leg is None:
            return False
        try:
            async with asyncio.timeout(limit_s):
                while not isinstance(await self.leg.events.get(), sip_events.Disconnected):
                    pass
        except TimeoutError:
            return False
        return True

    async def _play_briefing(self) -> None:
        media = None if self.leg is None else self.leg.media
        is_heard = False
        if media is not None:
            async for piece in self._briefing.pieces(media.rate_hz):
                if self._is_over:
                    return
                media.push(BRIEFING_ITEM, piece)
                is_heard = True
        if media is not None and is_heard:
            media.finish(BRIEFING_ITEM)
        else:
            self._post(BriefingPlayed())

    async def _run(self) -> None:
        uri, trunk = self._target.uri, self._target.trunk
        try:
            our_user = "" if trunk else self._hands.leg.invite.called_user
            leg = self.leg = await self._dial(uri, trunk, our_user)
        except SipError as error:
            log.warning("call=%s ! consult: %s", self._hands.call_id, error)
            self._post(ConsultEnded(0))
            return
        self._hands.tell(facts.TargetDialled(leg.invite.sip_call_id))
        if self._is_over:
            leg.hang_up()
        while not isinstance(event := await leg.events.get(), sip_events.Disconnected):
            self._take(event, leg)
        self._post(ConsultEnded(event.status))

    def _take(self, event: sip_events.SipEvent | sip_events.MediaFact, leg: SipCall) -> None:
        match event:
            case sip_events.Confirmed() | sip_events.MediaStarted():
                self._is_answered = self._is_answered or isinstance(event, sip_events.Confirmed)
                if self._is_answered and leg.media is not None and not self._is_told:
                    self._is_told = True
                    self._post(ConsultAnswered())
            case sip_events.ItemPlayed(item_id=item_id) if item_id == BRIEFING_ITEM:
                self._post(BriefingPlayed())
            case sip_events.DtmfReceived(digit=digit):
                self._post(ConsultKeyPressed(digit))
            case _:
                pass

    def _post(self, event: ConsultEvent) -> None:
        if not self._is_over:
            self._hands.post(event)
