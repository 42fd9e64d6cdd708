"""PjEndpoint: the PJSIP side of an endpoint, from its start to its end.

Every method runs on the PJSIP thread but for those that say so. Whoever is told is told on the
loop.

| resource           | acquired       | released                                |
|--------------------|----------------|-----------------------------------------|
| PJSIP, transports  | ``start``      | ``close``                               |
| accounts           | ``start``      | ``close``, before PJSIP                 |
| modules of ours    | ``start``      | ``close``, after PJSIP                  |
| legs               | INVITE, REFER  | see ``Legs``                            |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar

from .call import SipCall
from .dns_records import DnsRecords
from .doorway import Doorway
from .events import Refused, refused
from .headers import Invite, parse_invite
from .interop import interop_findings
from .legs import Legs
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
from .thread import POLL_MS, PjThread
from .trunks import address_of_record, trunk_named

T = TypeVar("T")

LAST_WORDS_S = 0.5
"""Longest wait for the answers to our last BYEs."""


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who is told, on the loop."""

    incoming: Callable[[SipCall], None]
    """Of each leg that waits for an answer."""
    refused: Callable[[Refused], None]
    """Of each INVITE refused before it became a leg."""
    trunk: Callable[[TrunkState], None]
    """Of the state of each trunk, at the start and whenever it was answered."""


class PjEndpoint:
    """Listen, let legs come and go.

    Args:
        settings: Where it listens.
        thread: PJSIP's.
        legs: Those there are.
        sockets: Of media.
        hearers: Who is told.
        messages: Takes SIP messages as they come and go; None: nobody wants them.
    """

    def __init__(
        self,
        settings: SipSettings,
        thread: PjThread,
        legs: Legs,
        sockets: MediaBudget,
        hearers: Hearers,
        messages: SipMessages | None,
    ) -> None:
        self._settings, self._thread = settings, thread
        self._legs, self._hearers, self._messages = legs, hearers, messages
        turned_away, on_late = self._turned_away, legs.answered_late
        self._doorway = Doorway(settings, self._capacity, sockets, turned_away, on_late)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack: PjStack | None = None
        self._tap: MessageTap | None = None
        self.retry_after_s: int | None = None
        """Set while new INVITEs are refused; any thread."""
        self.port = self.tls_port = self.call_limit = 0
        """There once it has started."""

    def start(self, settings: SipSettings, loop: asyncio.AbstractEventLoop) -> None:
        """Start PJSIP and listen.

        Args:
            settings: The same as before, now with the public address.
            loop: Where the hearers are told.

        Raises:
            pj.Error: If it cannot; ``close`` gives back what there is.
            SipError: The same, in words of ours.
        """
        self._settings, self._loop = settings, loop
        ask_no_name_server()
        records = DnsRecords(settings.nameservers)
        locator = Locator(records, settings.transports, self._thread.post, loop)
        self._stack = PjStack(
            *(settings, self._incoming, self._rejected),
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

    def close(self) -> None:
        """Hang up everything and end PJSIP; safe twice."""
        stack = self._stack
        if stack is None:
            return
        self._legs.hang_up_all()
        registering = self.leave()
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

    def leave(self) -> Registering:
        """Take registrations back, so that registrars send calls elsewhere."""
        registering = self._registering
        registering.leave(now=monotonic())
        return registering

    def come_back(self) -> None:
        """Register again."""
        self._registering.come_back(now=monotonic())

    def inventory(self) -> dict[str, int]:
        """Return what is held; of a PJSIP that is not up what we hold, then on any thread."""
        held = self._legs.counts()
        if self._stack is None:
            return held
        counts = self._stack.counts()
        counts["conference_ports"] -= self._legs.kept_ports
        return held | counts

    # Any thread.

    @property
    def is_up(self) -> bool:
        """Tell whether there is a PJSIP to be closed."""
        return self._stack is not None

    @property
    def dropped_messages(self) -> int:
        """SIP messages that could not be parsed since the start."""
        return 0 if self._stack is None else self._stack.dropped_messages

    @property
    def free_calls(self) -> int:
        """Calls that could be taken or placed now."""
        return max(0, min(self._settings.max_calls, self.call_limit) - self._calls_held())

    def from_uri(self, invite: Invite) -> str:
        """Return who we are to whom ``invite`` of ours goes to."""
        assert self._stack is not None
        uri = ""
        if invite.trunk:
            trunk = trunk_named(self._settings.trunks, invite.trunk)
            uri = address_of_record(trunk, invite.caller_user)
        return uri or self._stack.uri_of(invite.caller_user)

    def _calls_held(self) -> int:
        """Return how many calls are taken: PJSIP keeps one whose INVITE nobody answers for 32 s."""
        pj_calls = 0 if self._stack is None else self._stack.pj_calls
        return max(len(self._legs), pj_calls)

    # Called by PJSIP, or on its behalf.

    def _poll(self, longest_ms: int) -> None:
        assert self._stack is not None
        self._stack.poll(longest_ms)
        self._legs.rest(monotonic())

    def _capacity(self) -> Capacity:
        free = max(0, self.call_limit - self._calls_held())
        retry_after_s = self.retry_after_s  # once: another thread may end the drain meanwhile
        return Capacity(free if retry_after_s is None else 0, self.call_limit, retry_after_s)

    def _incoming(self, pj_call_id: int, text: str, source_address: str) -> None:
        assert self._loop is not None
        invite = self._read(text, source_address)
        trunk = self._doorway.trunk_of(text, source_address)
        invite = replace(invite, trunk=trunk, is_trusted=self._settings.trusts(trunk))
        leg = SipCall(invite, self._thread, self._loop)
        peer = self._legs.answering(leg, pj_call_id)
        retry_after_s = self.retry_after_s  # once, as above
        if retry_after_s is None:
            self._tell(self._hearers.incoming, leg)
            return
        headers = [("Retry-After", str(retry_after_s))]
        peer.send_answer(503, "Service Unavailable", headers)
        self._turned_away(refused(503, "Service Unavailable", leg.invite))

    def _rejected(self, status: int, reason: str, text: str, source_address: str) -> None:
        self._turned_away(refused(status, reason, self._read(text, source_address)))

    def _turned_away(self, told: Refused) -> None:
        self._tell(self._hearers.refused, told)

    def _trunk_changed(self, state: TrunkState) -> None:
        self._tell(self._hearers.trunk, state)

    def _read(self, text: str, source_address: str) -> Invite:
        invite = parse_invite(text, source_address)
        codecs, srtp = self._settings.codecs, self._settings.srtp
        findings = interop_findings(invite, text, codecs=codecs, srtp=srtp)
        return replace(invite, findings=findings)

    @property
    def _registering(self) -> Registering:
        assert self._stack is not None and self._stack.accounts is not None
        return self._stack.accounts.registering

    def _tell(self, callback: Callable[[T], None], argument: T) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:  # the loop is closed: the process is ending
            pass
