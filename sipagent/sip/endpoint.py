"""The SIP endpoint of a process: transports, accounts, legs coming and going.

Threads: public methods are called on the loop; everything that touches ``pj.*`` is posted to the
PJSIP thread. Callbacks given by the owner run on the loop.

| resource           | acquired       | released                                |
|--------------------|----------------|-----------------------------------------|
| PJSIP, transports  | ``start``      | ``close``                               |
| accounts           | ``start``      | ``close``, before PJSIP                 |
| legs               | INVITE, REFER  | see ``Legs``                            |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from sipagent.errors import SipError, SipStartError

from .call import SipCall
from .certificates import check_certificates
from .dial_turns import DialTurns
from .dns_records import DnsRecords
from .doorway import Doorway
from .events import Refused, refused
from .headers import Invite, outgoing_invite, parse_invite
from .interop import interop_findings
from .legs import Legs
from .line import NO_WISHES, LineWishes
from .locator import Locator
from .message_tap import MessageTap
from .messages import SipMessages
from .no_names import ask_no_name_server
from .options import Capacity
from .pjlib import call_limit
from .registering import Registering
from .registration import TrunkState
from .settings import SipSettings
from .socket_budget import MediaBudget
from .stack import PjStack
from .stun_client import with_public_address
from .thread import POLL_MS, PjThread
from .trunks import address_of_record, dialled_uri, trunk_named

T = TypeVar("T")

LAST_WORDS_S = 0.5
"""Longest wait for the answers to our last BYEs."""


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
        self._settings = settings
        self._on_incoming, self._on_refused = on_incoming, on_refused
        self._on_trunk = on_trunk
        self._thread = PjThread()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack: PjStack | None = None
        sockets, self._turns = MediaBudget(), DialTurns()
        self._legs = Legs(settings, self._thread, sockets, self._turns, follows_refer=follows_refer)
        self._doorway = Doorway(settings, self._capacity, sockets, self._turned_away)
        self._messages = messages
        self._tap: MessageTap | None = None
        self._retry_after_s: int | None = None
        self.port = 0
        """UDP and TCP port SIP listens on; that of TLS if there is no other."""
        self.tls_port = 0
        """Port of SIP over TLS; 0: none."""
        self.call_limit = 0
        """Calls this process really holds."""

    @property
    def calls_in_use(self) -> int:
        """Legs there are now."""
        return len(self._legs)

    @property
    def free_calls(self) -> int:
        """Calls that could be taken or placed now."""
        limit = min(self._settings.max_calls, self.call_limit)
        return max(0, limit - self._calls_held())

    @property
    def dropped_messages(self) -> int:
        """SIP messages that could not be parsed since the start."""
        return 0 if self._stack is None else self._stack.dropped_messages

    @property
    def is_draining(self) -> bool:
        """Tell whether new INVITEs are refused."""
        return self._retry_after_s is not None

    async def start(self) -> None:
        """Start PJSIP and listen.

        Raises:
            SipStartError: If a port is busy, an address is not ours or a certificate cannot be
                used; one line says which.
        """
        self._loop = asyncio.get_running_loop()
        if "tls" in self._settings.transports:
            await asyncio.to_thread(check_certificates, self._settings.tls)
        self._settings = await with_public_address(self._settings)
        self._thread.start()
        try:
            await asyncio.wrap_future(self._thread.call(self._start))
        except SipError as error:
            await self.close()
            if isinstance(error, SipStartError):
                raise
            where = f"{self._settings.bind}:{self._settings.port}"
            raise SipStartError(f"SIP cannot listen on {where}: {error}") from None

    async def close(self) -> None:
        """Hang up everything and end PJSIP; safe twice."""
        if self._stack is not None:
            await asyncio.wrap_future(self._thread.call(self._close))
        self._thread.stop()
        await asyncio.to_thread(self._thread.join)

    def drain(self, retry_after_s: int) -> None:
        """Refuse new INVITEs with 503 and Retry-After from now on; legs there are go on.

        Registrations are taken back, so that registrars send calls elsewhere.
        """
        self._retry_after_s = retry_after_s
        self._thread.post(self._leave)

    def undrain(self) -> None:
        """Take new INVITEs again, and register again."""
        self._retry_after_s = None
        self._thread.post(self._come_back)

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
        if not await self._turns.take():
            raise SipError(f"cannot call {uri}: too many calls are being placed", status=503)
        user = from_user or ours
        invite = outgoing_invite(uri, user, headers, self._settings.codecs, trunk)
        leg = SipCall(invite, self._thread, self._loop)
        leg.wishes = wishes
        try:
            from_uri = self._from(invite)
            await asyncio.wrap_future(self._thread.call(lambda: self._legs.dial(leg, from_uri)))
        except SipError as error:
            raise SipError(f"cannot call {uri}: {error}") from None
        except asyncio.CancelledError:
            leg.hang_up()  # nobody else has it
            raise
        return leg

    async def inventory(self) -> dict[str, int]:
        """Return what is held now: legs, lent media ports, and what PJSIP counts itself.

        Conference ports of ours that no leg has are left out: they are kept for the next.
        """
        if self._stack is None:
            return self._inventory()
        return await asyncio.wrap_future(self._thread.call(self._inventory))

    # The PJSIP thread.

    def _start(self) -> None:
        assert self._loop is not None
        ask_no_name_server()
        records = DnsRecords(self._settings.nameservers)
        locator = Locator(records, self._settings.transports, self._thread.post, self._loop)
        self._stack = PjStack(
            *(self._settings, self._incoming, self._rejected),
            *(self._trunk_changed, self._doorway.admission.registered, locator),
        )
        assert self._stack.accounts is not None
        self._legs.open(self._stack.accounts, locator.failed)
        self._thread.poll = self._poll
        self.port = self._stack.listening.port
        self.tls_port = self._stack.listening.tls_port
        self.call_limit = call_limit()
        self._doorway.open()
        self._legs.relayed.open()
        if self._messages is not None:
            self._tap = MessageTap(self._messages)

    def _poll(self, longest_ms: int) -> None:
        assert self._stack is not None
        self._stack.poll(longest_ms)
        self._legs.rest(monotonic())

    def _close(self) -> None:
        stack = self._stack
        if stack is None:
            return
        self._legs.hang_up_all()
        registering = self._leave()
        deadline = monotonic() + LAST_WORDS_S
        while (self._legs or registering.is_leaving) and monotonic() < deadline:
            stack.poll(POLL_MS)
            self._thread.run_commands()  # releases the legs that ended
        self._legs.drop_all()
        self._thread.poll = None
        stack.stop_clock()
        self._legs.close()
        self._stack = None
        stack.close()
        self._doorway.close()
        self._tap = None

    def _leave(self) -> Registering:
        assert self._stack is not None and self._stack.accounts is not None
        self._stack.accounts.registering.leave()
        return self._stack.accounts.registering

    def _come_back(self) -> None:
        assert self._stack is not None and self._stack.accounts is not None
        self._stack.accounts.registering.come_back(now=monotonic())

    def _trunk_changed(self, state: TrunkState) -> None:
        self._tell(self._on_trunk, state)

    def _inventory(self) -> dict[str, int]:
        held = self._legs.counts()
        if self._stack is None:
            return held
        counts = self._stack.counts()
        counts["conference_ports"] -= self._legs.kept_ports
        return held | counts

    def _calls_held(self) -> int:
        """Return how many calls are taken: PJSIP keeps one whose INVITE nobody answers for 32 s."""
        pj_calls = 0 if self._stack is None else self._stack.pj_calls
        return max(len(self._legs), pj_calls)

    def _capacity(self) -> Capacity:
        free = max(0, self.call_limit - self._calls_held())
        return Capacity(0 if self.is_draining else free, self.call_limit, self._retry_after_s)

    def _incoming(self, pj_call_id: int, text: str, source_address: str) -> None:
        assert self._loop is not None and self._stack is not None
        invite = self._read(text, source_address)
        trunk = self._doorway.trunk_of(text, source_address)
        invite = replace(invite, trunk=trunk, is_trusted=self._settings.trusts(trunk))
        leg = SipCall(invite, self._thread, self._loop)
        peer = self._legs.answering(leg, pj_call_id)
        if self._retry_after_s is None:
            self._tell(self._on_incoming, leg)
            return
        retry_after = ("Retry-After", str(self._retry_after_s))
        peer.send_answer(503, "Service Unavailable", [retry_after])
        self._tell(self._on_refused, refused(503, "Service Unavailable", leg.invite))

    def _turned_away(self, told: Refused) -> None:
        self._tell(self._on_refused, told)

    def _rejected(self, status: int, reason: str, text: str, source_address: str) -> None:
        invite = self._read(text, source_address)
        self._tell(self._on_refused, refused(status, reason, invite))

    def _read(self, text: str, source_address: str) -> Invite:
        invite = parse_invite(text, source_address)
        codecs, srtp = self._settings.codecs, self._settings.srtp
        findings = interop_findings(invite, text, codecs=codecs, srtp=srtp)
        return replace(invite, findings=findings)

    def _from(self, invite: Invite) -> str:
        assert self._stack is not None
        uri = ""
        if invite.trunk:
            trunk = trunk_named(self._settings.trunks, invite.trunk)
            uri = address_of_record(trunk, invite.caller_user)
        return uri or self._stack.uri_of(invite.caller_user)

    def _tell(self, callback: Callable[[T], None], argument: T) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:  # the loop is closed: the process is ending
            pass
