"""With whom a handshake is tried: where the description says, or somebody else who speaks. Pure.

Behind an address translator a peer speaks from where nobody has described it (symmetric RTP, RFC
4961), so others than the described one are listened to as well. Anybody can send what looks like a
handshake, though, and nothing tells who it is before the end of it. So

- whoever speaks from the described address is the one, from then on: others are not heard;
- others are heard once it has been silent for ``SILENT_S``; at once if it is of a private network,
  and we wait to be spoken to: a translator's address is to be expected then;
- one of them has ``TURN_S``, then others may have it. Where we speak first, the next turn is the
  described one's, which would say nothing by itself.

``now`` is monotonic seconds.
"""

from __future__ import annotations

from enum import Enum, auto
from ipaddress import IPv4Address, IPv4Network

from .dtls_dialog import NOWHERE, Role
from .dtls_sdp import Address

SILENT_S = 1.0
"""A peer that does not hear us sends its first flight again after that (RFC 6347 4.2.4.1)."""
TURN_S = 4.0
"""Enough for a handshake of which one flight was lost twice."""

PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
"""Behind a translator, seen from elsewhere (RFC 1918, RFC 6598)."""


class Turn(Enum):
    """What becomes of what somebody says."""

    SAME = auto()
    """It goes on with the handshake there is, or begins it."""
    OTHER = auto()
    """A handshake with whoever spoke begins anew."""
    NOT_HEARD = auto()


class Partner:
    """Decide whom a handshake is tried with.

    Args:
        described: Where the description says that the peer is; None if it cannot be sent to.
        role: Ours.
        now: When it was described so.
    """

    def __init__(self, described: Address | None, role: Role, *, now: float) -> None:
        self._described, self._role = described, role
        self._quiet_since, self._turn_ends_at = now, now
        self._has_spoken = False
        self.speaks_from: Address | None = None
        """Who is talked to, once somebody has spoken."""

    def heard(self, source: Address, *, now: float) -> Turn:
        """Decide what becomes of something from ``source``."""
        if source == self.speaks_from:
            return Turn.SAME
        if source == self._described:
            self._has_spoken = True
        elif not self._may_be(now):
            return Turn.NOT_HEARD
        turn = Turn.SAME if self.speaks_from is None else Turn.OTHER
        self.speaks_from, self._turn_ends_at = source, now + TURN_S
        return turn

    def restarted(self) -> None:
        """Note that a handshake begins anew, with whoever speaks."""
        self.speaks_from = None

    def deadline(self) -> float | None:
        """Return when the described one has its turn again."""
        is_other = self.speaks_from not in (None, self._described)
        if self._role == "client" and self._described is not None and is_other:
            return self._turn_ends_at
        return None

    def returns(self, *, now: float) -> None:
        """Give the described one its turn."""
        self.speaks_from, self._quiet_since = None, now

    def _may_be(self, now: float) -> bool:
        """Tell whether anybody but the described one may be the peer."""
        if self._described is None:
            is_open = True
        elif self._has_spoken:
            is_open = False
        elif self._role == "server" and _is_private(self._described[0]):
            is_open = True
        else:
            is_open = now - self._quiet_since >= SILENT_S
        return is_open and (self.speaks_from is None or now >= self._turn_ends_at)


def _is_private(host: str) -> bool:
    address = IPv4Address(host)
    return any(address in network for network in PRIVATE)


def sendable(address: Address) -> Address | None:
    """Return ``address`` if it may be sent to.

    A name would have to be looked up, and who is on hold may be nowhere: they speak first.
    """
    try:
        IPv4Address(address[0])
    except ValueError:
        return None
    return address if address[0] != NOWHERE else None
