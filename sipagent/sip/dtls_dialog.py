"""Offers and answers of a dialog whose audio goes through the relay: who keys it, and with whom.

    their offer   --answers-->   agreed     we are ``client`` unless they want to be
    our offer     --answered-->  agreed     ``client`` if they are passive

What was agreed on holds until the next agreement: an offer that is refused changes nothing
(RFC 3264 section 8). Re-offers, as for hold or a session refresh, keep the DTLS association and
its keys; another fingerprint, address or tls-id begins a new one (RFC 5763 section 6.6, RFC 8842
section 5). No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .dtls_sdp import (
    DTLS_PROFILE,
    IN_THE_CLEAR,
    Address,
    Audio,
    Way,
    audio_sections,
    inside,
    outside,
    picked,
    switched_off,
    ways_of,
    with_profile,
)
from .security import SrtpSettings

Role: TypeAlias = Literal["client", "server"]

NOWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class RelayPorts:
    """Where a relay is."""

    outer: tuple[int, int]
    """Ports of RTP and RTCP towards the peer."""
    rtp: Address
    """Towards PJSIP."""
    rtcp: Address


@dataclass(frozen=True, slots=True)
class Agreed:
    """What offer and answer agree on."""

    way: Way
    role: Role
    fingerprints: tuple[tuple[str, str], ...]
    rtp: Address
    """Where the peer is."""
    rtcp: Address
    is_muxed: bool
    association: int
    """Counts DTLS associations; another number asks for another handshake."""


class DtlsDialog:
    """Show each side of a dialog the descriptions of the other.

    Args:
        srtp: What is encrypted here.
        fingerprint: Of our certificate, as in ``a=fingerprint``.
        ports: Of the relay.
    """

    def __init__(self, srtp: SrtpSettings, fingerprint: str, ports: RelayPorts) -> None:
        self._srtp, self._fingerprint, self._ports = srtp, fingerprint, ports
        self._theirs: tuple[Audio, Way] | None = None
        self._basis: tuple[object, ...] = ()
        self._association = 0
        self._role: Role = "client"
        self.agreed: Agreed | None = None
        self.fault = ""
        """Why the call cannot go on; ``""``: it can."""

    @property
    def way(self) -> Way | None:
        """How it is encrypted, or will be once the offer there is was answered."""
        if self._theirs is not None:
            return self._theirs[1]
        return self.agreed.way if self.agreed is not None else None

    def offered(self, sdp: str) -> str:
        """Return what PJSIP is shown of an offer of the peer's.

        One that is not allowed is shown as something that PJSIP refuses with 488.
        """
        self._theirs = picked(sdp, self._srtp)
        if self._theirs is None:
            return with_profile(sdp, DTLS_PROFILE)
        return inside(sdp, *self._theirs, self._ports.rtp, self._ports.rtcp)

    def answers(self, sdp: str) -> str:
        """Return what the peer is shown of our answer to its last offer."""
        if self._theirs is None or not audio_sections(sdp):
            return sdp
        audio, way = self._theirs
        role = self._role_for(audio)
        self._agree(audio, way, role, is_muxed=audio.is_muxed and way == "dtls")
        attributes: list[str] = []
        if way == "dtls":
            setup = "active" if self._role == "client" else "passive"
            attributes = [f"fingerprint:{self._fingerprint}", f"setup:{setup}"]
            attributes += ["rtcp-mux"] * audio.is_muxed
        return self._outside(sdp, audio.profile, way, attributes)

    def offers(self, sdp: str) -> str:
        """Return what the peer is shown of our offer: keys by DTLS."""
        profile = DTLS_PROFILE if self._srtp.mode == "required" else "RTP/AVP"
        attributes = (f"fingerprint:{self._fingerprint}", "setup:actpass", "rtcp-mux")
        return self._outside(sdp, profile, "dtls", attributes)

    def answered(self, sdp: str) -> str:
        """Return what PJSIP is shown of the peer's answer to our offer; a refused one is empty."""
        audio = next(iter(audio_sections(sdp)), None)
        if audio is None:
            return sdp  # switched off
        can = ways_of(audio)
        may = {"dtls"} if self._srtp.mode == "required" else {"dtls", "plain"}
        way: Way = "dtls" if "dtls" in can else "plain"
        if way not in can & may:
            self.fault = IN_THE_CLEAR
            return switched_off(sdp)
        self._theirs = None
        role: Role = "client" if audio.setup in {"passive", "actpass"} else "server"
        self._agree(audio, way, role, is_muxed=audio.is_muxed)
        return inside(sdp, audio, way, self._ports.rtp, self._ports.rtcp)

    def _role_for(self, audio: Audio) -> Role:
        match audio.setup:
            case "passive":
                return "client"
            case "active" | "":  # the default of an offer (RFC 4145 section 4)
                return "server"
            case _:
                is_going_on = self.agreed is not None and self.agreed.way == "dtls"
                return self._role if is_going_on and not self._is_new(audio) else "client"

    def _agree(self, audio: Audio, way: Way, role: Role, *, is_muxed: bool) -> None:
        is_new = way == "dtls" and (self._is_new(audio) or self._role != role)
        if way != "dtls":
            self._basis = ()
        elif is_new:
            self._association += 1
            self._role = role
            self._basis = _basis(audio)
        elif audio.rtp[0] != NOWHERE:
            self._basis = _basis(audio)
        rtcp = audio.rtp if is_muxed else audio.rtcp
        self.agreed = Agreed(
            way, self._role, audio.fingerprints, audio.rtp, rtcp, is_muxed, self._association
        )

    def _is_new(self, audio: Audio) -> bool:
        if not self._basis:
            return True
        basis = _basis(audio)
        if audio.rtp[0] == NOWHERE:  # on hold: it is where it was
            return basis[:2] != self._basis[:2]
        return basis != self._basis

    def _outside(
        self, sdp: str, profile: str, way: Way, attributes: tuple[str, ...] | list[str]
    ) -> str:
        ports = self._ports.outer
        return outside(sdp, profile=profile, way=way, ports=ports, attributes=attributes)


def _basis(audio: Audio) -> tuple[object, ...]:
    """Return what an association depends on."""
    return frozenset(audio.fingerprints), audio.tls_id, audio.rtp
