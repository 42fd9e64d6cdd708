"""One path of a relayed leg: RTP, or RTCP where it has a port of its own.

Decides of every datagram where it goes, and as what. Of a peer with DTLS nothing is heard but
what its keys fit: the handshake agrees on them, and its certificate must have the fingerprint
that signalling told. What its keys fit tells also where it is (symmetric RTP, RFC 4961): a
translator's address is followed from the first packet; whom the handshake is with before that is
decided by ``dtls_partner``. First bytes tell DTLS from RTP (RFC 5764 section 5.1.2).

More than any peer sends is not looked at: each look costs what a call could have.

No sockets and no threads; ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from sipagent.deadlines import earliest

from .dtls_dialog import NOWHERE, Agreed
from .dtls_handshake import Handshake, Identity, fits
from .dtls_partner import Partner, Turn, sendable
from .dtls_sdp import Address
from .source_rate import SourceRate

HANDSHAKE_LIMIT_S = 10.0
"""How long a peer may take to agree on keys; the first flight is then sent for the fifth time."""

TRY_AGAIN_S = 1.0
"""Between a handshake that failed and the next of ours."""

MOST_EARLY = 8
"""Datagrams kept that came before we know with whom to agree: the peer sends them again, late."""

STRANGER_PACKETS = 10
"""Plain packets from one other address before it is taken for the peer's; as in PJMEDIA."""

MOST_SOURCES = 128
"""SSRC that are heard by one set of keys: libsrtp keeps something of each."""

PEER_PER_S, STRANGERS_PER_S = 1_000.0, 200.0
"""Datagrams that are looked at, from where the peer is and from anywhere else. A peer sends 50 to
100 of audio; one that was held up sends a second of it at once."""

DTLS_BYTES, RTP_BYTES = range(20, 64), range(128, 192)
RTCP_TYPES = range(192, 224)
"""Second bytes of RTCP (RFC 5761 section 4)."""

Sink = Callable[[bytes, Address], None]

WRONG_CERTIFICATE = "DTLS: the certificate of the peer does not have the fingerprint of its SDP"
NO_PROFILE = "DTLS: the peer agrees on no SRTP profile of ours"
NO_HANDSHAKE = f"DTLS: no handshake within {HANDSHAKE_LIMIT_S:.0f} s"


class DtlsPath:
    """Decide for one port.

    Args:
        identity: Ours.
        is_rtcp: Whether all of it is RTCP.
        to_peer: Sends a datagram.
        to_pjsip: Takes a packet, and whether it is RTCP.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        is_rtcp: bool,
        to_peer: Sink,
        to_pjsip: Callable[[bytes, bool], None],
    ) -> None:
        self._identity, self._is_rtcp = identity, is_rtcp
        self._to_peer, self._to_pjsip = to_peer, to_pjsip
        self._agreed: Agreed | None = None
        self._handshake: Handshake | None = None
        self._keys: tuple[Session, Session] | None = None
        self._sources: set[bytes] = set()
        self._early: deque[tuple[bytes, Address]] = deque(maxlen=MOST_EARLY)
        self._limit_at: float | None = None
        self._expires_at: float | None = None
        self._why = ""
        self._stranger: tuple[Address, int] = (("", 0), 0)
        self._partner = Partner(None, "server", now=0.0)
        self._peer_rate, self._stranger_rate = SourceRate(PEER_PER_S), SourceRate(STRANGERS_PER_S)
        self.remote: Address | None = None
        """Where what we send goes."""
        self.source: Address | None = None
        """Where the last RTP came from, taken or not."""
        self.failure = ""
        """Why the peer is never heard; ``""``: it is, or may yet be."""
        self.dropped = 0
        """Datagrams that were nothing of the peer's: garbage, replayed, plain, or others' keys."""

    @property
    def has_keys(self) -> bool:
        """Tell whether a handshake is done, and the peer is who it should be."""
        return self._keys is not None

    @property
    def described(self) -> Address | None:
        """Where the peer said it is."""
        if self._agreed is None:
            return None
        return self._agreed.rtcp if self._is_rtcp else self._agreed.rtp

    def agree(self, agreed: Agreed, *, now: float) -> None:
        """Go by what offer and answer say."""
        before, self._agreed = self._agreed, agreed
        address = agreed.rtcp if self._is_rtcp else agreed.rtp
        moved = before is None or address != (before.rtcp if self._is_rtcp else before.rtp)
        if moved and address[0] != NOWHERE:
            self.remote = sendable(address)
        if agreed.way != "dtls":
            self._keys = self._handshake = self._limit_at = self._expires_at = None
        elif before is None or before.association != agreed.association or before.way != "dtls":
            if before is not None and set(before.fingerprints) != set(agreed.fingerprints):
                self._keys = None  # somebody else: what was agreed on with the last one is over
            self._limit_at = now + HANDSHAKE_LIMIT_S
            self._partner = Partner(sendable(address), agreed.role, now=now)
            self._restart(now)
        while self._early:
            self.from_peer(*self._early.popleft(), now=now)

    def deadline(self) -> float | None:
        """Return when :meth:`expire` is due."""
        turn_at = self._partner.deadline() if self._limit_at is not None else None
        return earliest((self._limit_at, self._expires_at, turn_at))

    def expire(self, *, now: float) -> None:
        """Send a flight again, talk to somebody else, or give up."""
        turn_at = self._partner.deadline()
        if self._limit_at is not None and now >= self._limit_at:
            self._limit_at = self._expires_at = self._handshake = None
            if self._keys is None:
                self.failure = self._why or NO_HANDSHAKE
        elif self._limit_at is not None and turn_at is not None and now >= turn_at:
            self._partner.returns(now=now)
            assert self.described is not None
            self.remote = sendable(self.described)
            self._restart(now)
        elif self._expires_at is not None and now >= self._expires_at:
            if self._handshake is None:
                self._restart(now)
            else:
                self._send(self._handshake.expire(), now)

    def from_peer(self, data: bytes, source: Address, *, now: float) -> None:
        """Take what came from the network."""
        agreed = self._agreed
        if agreed is None:
            self._early.append((data, source))
            return
        is_peer = source in (self.remote, self.described)
        rate = self._peer_rate if is_peer else self._stranger_rate
        if not rate.admits("", now=now):
            self.dropped += 1
            return
        first = data[0] if data else 0
        if agreed.way != "dtls":
            self._from_plain(data, source)
        elif first in RTP_BYTES:
            self.source = source
            self._from_encrypted(data, source)
        elif first in DTLS_BYTES:
            self._from_handshake(data, source, now)
        else:
            self.dropped += 1

    def from_pjsip(self, data: bytes, *, is_rtcp: bool) -> None:
        """Take what PJSIP sends."""
        if self.remote is None or self._agreed is None:
            return
        if self._agreed.way != "dtls":
            self._to_peer(data, self.remote)
        elif self._keys is not None:
            outbound = self._keys[1]
            try:
                sent = outbound.protect_rtcp(data) if is_rtcp else outbound.protect(data)
            except (SrtpError, ValueError):
                self.dropped += 1
                return
            self._to_peer(sent, self.remote)

    def _from_plain(self, data: bytes, source: Address) -> None:
        self.source = source
        if source != self.remote:
            stranger, seen = self._stranger
            seen = seen + 1 if source == stranger else 1
            self._stranger = source, seen
            if seen < STRANGER_PACKETS:
                self.dropped += 1
                return
            self.remote = source
        self._stranger = ("", 0), 0
        self._to_pjsip(data, self._is_rtcp or _is_rtcp(data))

    def _from_encrypted(self, data: bytes, source: Address) -> None:
        if self._keys is None:
            self.dropped += 1
            return
        inbound, is_rtcp = self._keys[0], self._is_rtcp or _is_rtcp(data)
        ssrc = data[4:8] if is_rtcp else data[8:12]
        if ssrc not in self._sources and len(self._sources) >= MOST_SOURCES:
            self.dropped += 1
            return
        try:
            packet = inbound.unprotect_rtcp(data) if is_rtcp else inbound.unprotect(data)
        except (SrtpError, ValueError):
            self.dropped += 1
            return
        self._sources.add(ssrc)
        if self._agreed is not None and source != self.remote:
            self.remote = source
        self._to_pjsip(packet, is_rtcp)

    def _from_handshake(self, data: bytes, source: Address, now: float) -> None:
        handshake = self._handshake
        if handshake is None:
            self.dropped += 1
            return
        if not handshake.is_done:
            match self._partner.heard(source, now=now):
                case Turn.NOT_HEARD:
                    self.dropped += 1
                    return
                case Turn.SAME:
                    self.remote = source
                case Turn.OTHER:
                    self.remote = source
                    handshake = self._restart(now)
                    self._partner.speaks_from = source
        was_done = handshake.is_done
        self._send(handshake.receive(data), now)
        if handshake.error:
            self._why = f"DTLS: {handshake.error}"
            self._try_again(now)
        elif handshake.is_done and not was_done:
            self._judge(handshake, now)

    def _judge(self, handshake: Handshake, now: float) -> None:
        """Take the keys, if the peer is who it should be."""
        assert self._agreed is not None
        certificate, sessions = handshake.certificate(), handshake.sessions()
        if certificate is None or not fits(certificate, self._agreed.fingerprints):
            self._why = WRONG_CERTIFICATE
        elif sessions is None:
            self._why = NO_PROFILE
        else:
            self._keys, self._limit_at, self._expires_at, self._why = sessions, None, None, ""
            self._sources.clear()
            return
        described, spoke = self.described, self._partner.speaks_from
        if described is not None and spoke is not None and spoke[0] == described[0]:
            self.failure = self._why
            self._handshake = self._limit_at = self._expires_at = None
        else:  # whoever that was, the peer may yet come
            self._try_again(now)

    def _try_again(self, now: float) -> None:
        """Wait for another try of theirs, or make one of ours, not at once: it may go on so."""
        assert self._agreed is not None
        if self._agreed.role == "server":
            self._restart(now)
        else:
            self._handshake, self._expires_at = None, now + TRY_AGAIN_S

    def _restart(self, now: float) -> Handshake:
        assert self._agreed is not None
        handshake = self._handshake = Handshake(self._identity, self._agreed.role)
        self._partner.restarted()
        self._send(handshake.start(), now)
        return handshake

    def _send(self, datagrams: list[bytes], now: float) -> None:
        for datagram in datagrams:
            if self.remote is not None:
                self._to_peer(datagram, self.remote)
        wait_s = self._handshake.wait_s() if self._handshake is not None else None
        self._expires_at = None if wait_s is None else now + wait_s


def _is_rtcp(data: bytes) -> bool:
    return len(data) > 1 and data[1] in RTCP_TYPES
