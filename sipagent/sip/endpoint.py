"""The SIP endpoint of a process: transports, one account, legs coming and going.

Threads: public methods are called on the loop; everything that touches ``pj.*`` is posted to the
PJSIP thread. Callbacks given by the owner run on the loop.

| resource           | acquired   | released                              |
|--------------------|------------|---------------------------------------|
| PJSIP, transports  | ``start``  | ``close``                             |
| ``pj.Account``     | ``start``  | ``close``, before PJSIP               |
| ``PjCall``         | INVITE     | after its disconnect, outside callbacks |
| conference ports   | first use  | ``close`` (lent by ``PortPool``)      |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from sipagent.errors import SipError, SipStartError

from .call import PjCall, SipCall, operation
from .events import Refused
from .headers import Invite, offered_codecs, parse_invite, uri_user
from .options import OptionsResponder
from .pjlib import call_limit, pj
from .port_pool import PortPool
from .settings import SipSettings
from .stack import PjStack
from .thread import PjThread

log = logging.getLogger(__name__)

CODECS = ("PCMU", "PCMA", "G722")


class SipEndpoint:
    """One SIP user agent.

    Args:
        settings: Where it listens.
        on_incoming: Called with each leg that waits for an answer.
        on_refused: Called for each INVITE refused before it became a leg.
    """

    def __init__(
        self,
        settings: SipSettings,
        *,
        on_incoming: Callable[[SipCall], None],
        on_refused: Callable[[Refused], None],
    ) -> None:
        self._settings = settings
        self._on_incoming, self._on_refused = on_incoming, on_refused
        self._thread = PjThread()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack: PjStack | None = None
        self._ports = PortPool()
        self._legs: dict[int, PjCall] = {}
        self._options: OptionsResponder | None = None
        self._retry_after_s: int | None = None
        self.port = 0
        """UDP and TCP port SIP listens on."""
        self.call_limit = 0
        """Calls this process really holds."""

    @property
    def calls_in_use(self) -> int:
        """Legs there are now."""
        return len(self._legs)

    @property
    def is_draining(self) -> bool:
        """Tell whether new INVITEs are refused."""
        return self._retry_after_s is not None

    async def start(self) -> None:
        """Start PJSIP and listen.

        Raises:
            SipStartError: If a port is busy or an address is not ours; one line says which.
        """
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        try:
            await asyncio.wrap_future(self._thread.call(self._start))
        except SipError as error:
            await self.close()
            where = f"{self._settings.bind}:{self._settings.port}"
            raise SipStartError(f"SIP cannot listen on {where}: {error}") from None

    async def close(self) -> None:
        """Hang up everything and end PJSIP; safe twice."""
        if self._stack is not None:
            await asyncio.wrap_future(self._thread.call(self._close))
        self._thread.stop()
        await asyncio.to_thread(self._thread.join)

    def drain(self, retry_after_s: int) -> None:
        """Refuse new INVITEs with 503 and Retry-After from now on; legs there are go on."""
        self._retry_after_s = retry_after_s

    async def dial(
        self, uri: str, *, from_user: str = "sipagent", headers: Sequence[tuple[str, str]] = ()
    ) -> SipCall:
        """Send an INVITE; what becomes of it comes as events of the leg.

        Raises:
            SipError: If the URI is no SIP URI, or all calls are in use.
        """
        invite = Invite(
            sip_call_id="",
            called_user=uri_user(uri),
            called_uri=uri,
            caller_user=from_user,
            caller_uri="",
            caller_name="",
            headers=tuple(headers),
            source_address="",
            transport="",
            has_offer=True,
            offered_codecs=tuple(f"{name}/8000" for name in CODECS),
        )
        assert self._loop is not None
        leg = SipCall(invite, self._thread, self._loop)
        try:
            await asyncio.wrap_future(self._thread.call(lambda: self._dial(leg, uri, headers)))
        except SipError as error:
            raise SipError(f"cannot call {uri}: {error}") from None
        return leg

    def inventory(self) -> dict[str, int]:
        """Return what is held now; equal before and after a call."""
        return {"legs": len(self._legs), "media_ports": self._ports.in_use}

    # The PJSIP thread.

    def _start(self) -> None:
        self._stack = PjStack(self._settings, CODECS, self._incoming, self._rejected)
        self._thread.poll = self._stack.poll
        self.port = self._stack.port
        self.call_limit = call_limit()
        self._options = OptionsResponder(self._capacity)

    def _close(self) -> None:
        stack, self._stack = self._stack, None
        if stack is None:
            return
        self._thread.poll = None
        for peer in self._legs.values():
            peer.send_bye([("Reason", "SIP;cause=503")])
        stack.poll(POLL_AT_END_MS)
        if self._options is not None:
            self._options.close()
        while self._legs:
            self._release(next(iter(self._legs.values())))
        stack.stop_clock()
        self._ports.close()
        stack.close()

    def _capacity(self) -> tuple[int, int]:
        """Return free and total calls; none are free while draining."""
        free = 0 if self.is_draining else max(0, self.call_limit - len(self._legs))
        return free, self.call_limit

    def _incoming(self, pj_call_id: int, text: str, source_address: str) -> None:
        invite = parse_invite(text, source_address)
        assert self._loop is not None and self._stack is not None
        leg = SipCall(invite, self._thread, self._loop)
        peer = PjCall(self._stack.account, pj_call_id, leg, self._ports, self._gone)
        leg.attach(peer)
        self._legs[id(peer)] = peer
        if self._retry_after_s is not None:
            self._refuse(peer, 503, "Service Unavailable", [("Retry-After", self._retry_after_s)])
        elif invite.has_offer and not _has_common_codec(text):
            self._refuse(peer, 488, "Not Acceptable Here", [])
        else:
            self._tell(self._on_incoming, leg)

    def _refuse(
        self, peer: PjCall, status: int, reason: str, headers: Sequence[tuple[str, object]]
    ) -> None:
        invite = peer.leg.invite
        peer.send_answer(status, reason, [(name, str(value)) for name, value in headers])
        self._tell(
            self._on_refused,
            Refused(
                status,
                reason,
                invite.caller_user,
                invite.called_user,
                invite.sip_call_id,
                invite.source_address,
            ),
        )

    def _rejected(self, status: int, reason: str, text: str, source_address: str) -> None:
        invite = parse_invite(text, source_address)
        refused = Refused(
            status,
            reason,
            invite.caller_user,
            invite.called_user,
            invite.sip_call_id,
            source_address,
        )
        self._tell(self._on_refused, refused)

    def _dial(self, leg: SipCall, uri: str, headers: Sequence[tuple[str, str]]) -> None:
        assert self._stack is not None
        peer = PjCall(self._stack.account, pj.PJSUA_INVALID_ID, leg, self._ports, self._gone)
        leg.attach(peer)
        peer.makeCall(uri, operation(0, "", headers))
        self._legs[id(peer)] = peer

    def _gone(self, peer: PjCall) -> None:
        self._thread.post(lambda: self._release(peer))  # never freed inside its own callback

    def _release(self, peer: PjCall) -> None:
        peer.part()
        peer.leg.release()
        self._legs.pop(id(peer), None)

    def _tell(self, callback: Callable[[Any], None], argument: object) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:  # the loop is closed: the process is ending
            pass


POLL_AT_END_MS = 50
"""Time for the last BYEs to leave."""


def _has_common_codec(text: str) -> bool:
    sdp = text.replace("\r\n", "\n").partition("\n\n")[2]
    return any(name.split("/")[0].upper() in CODECS for name in offered_codecs(sdp))
