"""A leg without PJSIP: the test is the far end and the conference clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from sipagent.calls.facts import Fact
from sipagent.sip.call import SipCall
from sipagent.sip.events import (
    Confirmed,
    Disconnected,
    DtmfReceived,
    LineStats,
    MediaStarted,
    ReferProgressed,
)
from sipagent.sip.headers import Invite
from sipagent.sip.media_port import MediaPort
from sipagent.sip.pj_call import PjCall
from sipagent.sip.thread import PjThread

INVITE = Invite(
    sip_call_id="sip-1",
    called_user="desk",
    called_uri="sip:desk@example.org",
    caller_user="+4930123456",
    caller_uri="sip:+4930123456@example.org",
    caller_name="Ada",
    headers=(),
    source_address="192.0.2.1:5060",
    transport="udp",
    has_offer=True,
    offered_codecs=("PCMU/8000",),
)

FactT = TypeVar("FactT")

LINE = LineStats(packets_in=50, packets_out=60, lost_in=1, lost_out=2, jitter_ms=1.5, rtt_ms=20.0)


class _Now:
    """Stands in for the PJSIP thread: runs what is posted at once."""

    def post(self, command: Callable[[], object]) -> None:
        command()


class FarEnd:
    """Stands in for the PJSIP side of a leg: answers as a caller's phone does.

    Attributes:
        sent: Statuses of responses, ``REFER`` with its target, ``BYE`` with its Reason, in order.
        headers: Of the last response.
        acknowledges: Whether a 200 is followed by an ACK.
        digits: What was pressed for it.
    """

    def __init__(self, name: str = "caller") -> None:
        self.name = name
        loop = asyncio.get_running_loop()
        self.leg = SipCall(INVITE, cast(PjThread, _Now()), loop)
        self.leg.attach(cast(PjCall, self))
        self.sent: list[int | str] = []
        self.headers: list[tuple[str, str]] = []
        self.acknowledges = True
        self.digits = ""

    @property
    def media(self) -> MediaPort:
        """The media of the answered leg."""
        assert self.leg.media is not None
        return self.leg.media

    def hangs_up(self) -> None:
        """End the call from the far end: BYE, or CANCEL before the answer."""
        status = 200 if 200 in self.sent else 487
        self.leg.tell(Disconnected(status, "", by_peer=True))

    def presses(self, digit: str) -> None:
        """Send a digit."""
        self.leg.tell(DtmfReceived(digit, 100, "rfc4733"))

    def send_answer(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Take a response."""
        self.sent.append(status)
        self.headers = list(headers)
        if status == 200:
            self.leg.new_media(8_000)
            self.leg.remember(LINE)
            self.leg.tell(MediaStarted("PCMU", 8_000))
            if self.acknowledges:
                self.leg.tell(Confirmed())
        elif status >= 300:
            self.leg.tell(Disconnected(status, reason, by_peer=False))

    def measure(self) -> None:
        """Read the figures of the line."""
        self.leg.remember(LINE)

    def send_refer(self, refer_to: str) -> None:
        """Take a REFER."""
        self.sent.append(f"REFER {refer_to}")

    def send_dtmf(self, digits: str, way: str) -> None:
        """Take digits."""
        self.digits += digits
        self.way = way

    def send_replaces(self, other: FarEnd) -> None:
        """Take a REFER with Replaces."""
        self.sent.append(f"REFER to the peer of {other.name}")

    def notifies(self, status: int) -> None:
        """Tell how the other call goes, as NOTIFYs do."""
        self.leg.tell(ReferProgressed(status, is_final=status >= 200))

    def send_bye(self, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Take a BYE."""
        self.sent.append(f"BYE {dict(headers).get('Reason', '')}")
        self.leg.tell(Disconnected(200, "", by_peer=False))

    @asynccontextmanager
    async def clock(self) -> AsyncIterator[None]:
        """Run the conference clock, as fast as it goes, from the answer on.

        If it fails, so does whoever waits in the block: nothing would ever happen there. What a
        time limit of tests raises may come up in the clock.
        """

        async def run() -> None:
            while True:
                if self.leg.media is not None:
                    self.leg.media.take_outbound()
                await asyncio.sleep(0)

        waiting = asyncio.current_task()
        assert waiting is not None

        def stopped(clock: asyncio.Task[None]) -> None:
            if not clock.cancelled():
                waiting.cancel()

        running = asyncio.get_running_loop().create_task(run(), name="conference clock")
        running.add_done_callback(stopped)
        try:
            yield
        except asyncio.CancelledError:
            if running.done() and not running.cancelled():
                waiting.uncancel()
                running.result()
            raise
        finally:
            running.cancel()
            await asyncio.wait([running])


class Told:
    """An observer that lets a test wait for facts."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, Fact]] = []
        self._arrived = asyncio.Event()

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Note a fact."""
        self.facts.append((call_id, fact))
        self._arrived.set()

    def names(self, call_id: str | None = None) -> list[str]:
        """Return the kinds of what was told of a call, or of all."""
        return [type(fact).__name__ for of, fact in self.facts if call_id in {None, of}]

    async def until(self, kind: type[FactT], count: int = 1) -> FactT:
        """Wait for the ``count``-th fact of a kind and return it."""
        while True:
            found = [fact for _, fact in self.facts if isinstance(fact, kind)]
            if len(found) >= count:
                return found[count - 1]
            self._arrived.clear()
            await self._arrived.wait()
