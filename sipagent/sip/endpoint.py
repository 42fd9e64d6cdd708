"""The SIP endpoint of a process: transports, accounts, legs coming and going, as the loop has it.

Threads: public methods are called on the loop; everything that touches ``pj.*`` is posted to the
PJSIP thread, where :class:`~sipagent.sip.pj_endpoint.PjEndpoint` carries it out. Callbacks given by
the owner run on the loop.

| resource           | acquired       | released                                |
|--------------------|----------------|-----------------------------------------|
| PJSIP thread       | ``start``      | ``close``                               |
| PJSIP, accounts    | ``start``      | ``close``, see ``PjEndpoint``           |
| legs               | INVITE, REFER  | see ``Legs``                            |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sipagent.errors import NoSockets, SipError, SipStartError

from .call import SipCall
from .certificates import check_certificates
from .dial_turns import TOO_MANY_CALLS, DialTurns
from .events import Refused
from .headers import outgoing_invite
from .legs import Legs
from .line import NO_WISHES, LineWishes
from .messages import SipMessages
from .pj_endpoint import Hearers, PjEndpoint
from .registration import TrunkState
from .settings import SipSettings
from .socket_budget import MediaBudget
from .stun_client import with_public_address
from .thread import PjThread
from .trunks import dialled_uri, trunk_named


class SipEndpoint:
    """One SIP user agent.

    Args:
        settings: Where it listens.
        on_incoming: Called with each leg that waits for an answer.
        on_refused: Called for each INVITE refused before it became a leg.
        on_trunk: Called with the state of each trunk, at the start and whenever it was answered.
        messages: Takes SIP messages as they come and go; None: nobody wants them.
        follows_refer: Whether a peer may send us elsewhere (RFC 3515). Only for who dials on
            behalf of nobody: everybody else would pay for the calls of strangers.
    """

    def __init__(
        self,
        settings: SipSettings,
        *,
        on_incoming: Callable[[SipCall], None],
        on_refused: Callable[[Refused], None],
        on_trunk: Callable[[TrunkState], None] = lambda _: None,
        messages: SipMessages | None = None,
        follows_refer: bool = False,
    ) -> None:
        self._settings, self._thread = settings, PjThread()
        self._loop: asyncio.AbstractEventLoop | None = None
        sockets, self._turns = MediaBudget(), DialTurns()
        self._legs = Legs(settings, self._thread, sockets, self._turns, follows_refer=follows_refer)
        hearers = Hearers(on_incoming, on_refused, on_trunk)
        self._pj = PjEndpoint(settings, self._thread, self._legs, sockets, hearers, messages)

    @property
    def port(self) -> int:
        """UDP and TCP port SIP listens on; that of TLS if there is no other. 0 before ``start``."""
        return self._pj.port

    @property
    def tls_port(self) -> int:
        """Port of SIP over TLS; 0: none."""
        return self._pj.tls_port

    @property
    def call_limit(self) -> int:
        """Calls this process really holds; 0 before ``start``."""
        return self._pj.call_limit

    @property
    def calls_in_use(self) -> int:
        """Legs there are now."""
        return len(self._legs)

    @property
    def free_calls(self) -> int:
        """Calls that could be taken or placed now."""
        return self._pj.free_calls

    @property
    def dropped_messages(self) -> int:
        """SIP messages that could not be parsed since the start."""
        return self._pj.dropped_messages

    @property
    def is_draining(self) -> bool:
        """Tell whether new INVITEs are refused."""
        return self._pj.retry_after_s is not None

    async def start(self) -> None:
        """Start PJSIP and listen.

        Raises:
            SipStartError: If a port is busy, an address is not ours or a certificate cannot be
                used; one line says which.
        """
        loop = self._loop = asyncio.get_running_loop()
        if "tls" in self._settings.transports:
            await asyncio.to_thread(check_certificates, self._settings.tls)
        settings = self._settings = await with_public_address(self._settings)
        self._thread.start()
        try:
            await asyncio.wrap_future(self._thread.call(lambda: self._pj.start(settings, loop)))
        except SipError as error:
            await self.close()
            if isinstance(error, SipStartError):
                raise
            where = f"{self._settings.bind}:{self._settings.port}"
            raise SipStartError(f"SIP cannot listen on {where}: {error}") from None

    async def close(self) -> None:
        """Hang up everything and end PJSIP; safe twice."""
        if self._pj.is_up:
            await asyncio.wrap_future(self._thread.call(self._pj.close))
        self._thread.stop()
        await asyncio.to_thread(self._thread.join)

    def drain(self, retry_after_s: int) -> None:
        """Refuse new INVITEs with 503 and Retry-After from now on; legs there are go on.

        Registrations are taken back, so that registrars send calls elsewhere.
        """
        self._pj.retry_after_s = retry_after_s
        self._thread.post(self._pj.leave)

    def undrain(self) -> None:
        """Take new INVITEs again, and register again."""
        self._pj.retry_after_s = None
        self._thread.post(self._pj.come_back)

    async def dial(
        self,
        uri: str,
        *,
        trunk: str = "",
        from_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        wishes: LineWishes = NO_WISHES,
    ) -> SipCall:
        """Send an INVITE; what becomes of it comes as events of the leg. Cancelling it ends that.

        Args:
            uri: Whom to call; through a trunk also a bare number or user, at the trunk's peer.
            trunk: Name of the trunk whose account, credentials and proxy are used; ``""``: none.
            from_user: User part of From; ``""``: the trunk's, or ours.
            headers: More of them.
            wishes: How the call is offered.

        Raises:
            SipError: If the URI is no SIP URI, there is no such trunk, all calls are in use, or
                too many are dialled.
        """
        assert self._loop is not None
        ours = "sipagent"
        if trunk:
            account = trunk_named(self._settings.trunks, trunk)
            uri, ours = dialled_uri(account, uri), account.caller_id or account.user or ours
        user = from_user or ours
        invite = outgoing_invite(uri, user, headers, self._settings.codecs, trunk)
        leg = SipCall(invite, self._thread, self._loop)
        leg.wishes = wishes
        try:
            is_sent = await self._send(leg, self._pj.from_uri(invite))
        except SipError as error:
            raise SipError(f"cannot call {uri}: {error}") from None
        except asyncio.CancelledError:
            leg.hang_up()  # nobody else has it
            raise
        if not is_sent:
            raise SipError(f"cannot call {uri}: {TOO_MANY_CALLS}", status=503)
        return leg

    async def _send(self, leg: SipCall, from_uri: str) -> bool:
        was_late = False
        while await self._turns.take(was_late=was_late):
            try:
                await asyncio.wrap_future(self._thread.call(lambda: self._legs.dial(leg, from_uri)))
            except NoSockets:
                was_late = True
            else:
                return True
        return False

    async def inventory(self) -> dict[str, int]:
        """Return what is held now: legs, lent media ports, and what PJSIP counts itself.

        Conference ports of ours that no leg has are left out: they are kept for the next.
        """
        if not self._pj.is_up:
            return self._pj.inventory()
        return await asyncio.wrap_future(self._thread.call(self._pj.inventory))
