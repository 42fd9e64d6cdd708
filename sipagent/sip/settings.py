"""Settings of the SIP endpoint: section ``[sip]`` of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .emergency import EMERGENCY_NUMBERS
from .locating import nameserver_address
from .security import NatSettings, Port, SrtpSettings, Table, TlsSettings
from .session_timers import Prack, SessionTimers
from .trunks import MAX_TRUNKS, TrunkSettings, transport_of


def _nameserver(text: str) -> str:
    nameserver_address(text)
    return text


EmergencyNumber = Annotated[str, Field(pattern=r"^[0-9]{2,8}$")]


class SipSettings(Table):
    """Where SIP and RTP listen."""

    bind: str = "0.0.0.0"
    """Address SIP and RTP are bound to."""
    port: Port = 5060
    """UDP and TCP port of SIP; 0 takes a free one."""
    transports: Annotated[tuple[Literal["udp", "tcp", "tls"], ...], Field(min_length=1)] = (
        "udp",
        "tcp",
    )
    """What is listened to; ``tls`` on a port of its own."""
    public_address: str = ""
    """What Contact and SDP advertise behind NAT; empty: the bound address."""
    rtp_ports: tuple[Port, Port] = (30_000, 31_999)
    """First and last UDP port of RTP and RTCP; the first is even."""
    rtp_rest_s: Annotated[float, Field(ge=0, le=60)] = 3.0
    """How long RTP ports are not used again after a call; less where ``rtp_ports`` are too few."""
    codecs: Annotated[tuple[Literal["PCMU", "PCMA", "G722"], ...], Field(min_length=1)] = (
        "PCMU",
        "PCMA",
        "G722",
    )
    """What we offer, best first; of an offer we take the first we have, as the peer prefers."""
    max_calls: Annotated[int, Field(ge=1, le=1_000)] = 4
    """Calls at once; more than a worker holds is an error until there are more workers."""
    nameservers: tuple[Annotated[str, AfterValidator(_nameserver)], ...] = ()
    """``address`` or ``address:port``; empty: those of ``/etc/resolv.conf``."""
    user_agent: str = "sipagent"
    """User-Agent and Server header."""
    trust_asserted_identity: bool = False
    """Whether P-Asserted-Identity (RFC 3325) of whoever calls is believed, trunk or not."""
    emergency_numbers: tuple[EmergencyNumber, ...] = EMERGENCY_NUMBERS
    """Calls to them are taken only by plans that say so, and agents never dial them."""
    prack: Prack = "supported"
    """Whether provisional responses are acknowledged, so that none is lost (RFC 3262)."""
    trunks: Annotated[tuple[TrunkSettings, ...], Field(max_length=MAX_TRUNKS)] = ()
    """Accounts at providers and PBXs, and whose calls are theirs."""
    unknown_callers: Literal["auto", "accept", "refuse", "drop"] = "auto"
    """What becomes of requests that are no trunk's; ``auto``: dropped once there are trunks."""
    invites_per_source_per_s: Annotated[float, Field(gt=0, le=1_000)] = 10.0
    """INVITEs from one address; more are answered 503."""
    session_timers: SessionTimers = SessionTimers()
    """A table: how calls whose other end is gone are noticed."""
    tls: TlsSettings = TlsSettings()
    """A table: SIP over TLS."""
    srtp: SrtpSettings = SrtpSettings()
    """A table: whether audio is encrypted."""
    nat: NatSettings = NatSettings()
    """A table: how we are found behind NAT."""

    @property
    def most_resting(self) -> int:
        """Of how many calls RTP ports may rest while there are some for new ones."""
        first, last = self.rtp_ports
        return (last - first + 1) // 2 - self.max_calls * (2 if self.srtp.has_dtls else 1)

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        first, last = self.rtp_ports
        each = 6 if self.srtp.has_dtls else 4  # a pair, the relay's, and one that rests
        has, needs = last - first + 1, each * self.max_calls
        if first % 2:
            raise ValueError("rtp_ports must start with an even port (RFC 3550 section 11)")
        if has < needs:
            raise ValueError(f"rtp_ports must hold {each} ports per call: {needs}, not {has}")
        if "tls" in self.transports and not (self.tls.certificate and self.tls.key):
            raise ValueError('transports with "tls" need certificate and key in [sip.tls]')
        if self.tls.verify_client and not self.tls.ca:
            raise ValueError("tls.verify_client needs tls.ca: nobody else is trusted")
        return self

    def trusts(self, trunk: str) -> bool:
        """Tell whether what calls of a trunk assert is believed; ``""``: of nobody we know."""
        trusted = {each.name for each in self.trunks if each.trust_asserted_identity}
        return self.trust_asserted_identity or trunk in trusted

    @property
    def strangers(self) -> Literal["accept", "refuse", "drop"]:
        """Return what becomes of requests that are no trunk's."""
        if self.unknown_callers == "auto":
            return "drop" if self.trunks else "accept"
        return self.unknown_callers

    @model_validator(mode="after")
    def _has_trunks_it_can_reach(self) -> Self:
        names = [trunk.name for trunk in self.trunks]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'trunks has two named "{name}"')
        lines: dict[tuple[str, str], str] = {}
        for trunk in filter(lambda trunk: trunk.registers, self.trunks):
            other = lines.setdefault((trunk.registrar.lower(), trunk.user), trunk.name)
            if other != trunk.name:
                raise ValueError(
                    f'trunks: "{other}" and "{trunk.name}" register the same user at the same '
                    "registrar, which would call us twice"
                )
        for trunk in self.trunks:
            if trunk.challenge and not trunk.allow and self.unknown_callers == "accept":
                raise ValueError(
                    f'unknown_callers lets everybody in, so "{trunk.name}" can challenge nobody: '
                    "give it allow"
                )
            for uri in filter(None, (trunk.registrar, trunk.proxy)):
                if (transport := transport_of(uri)) not in self.transports:
                    raise ValueError(
                        f'trunks: "{trunk.name}" is reached by {transport}, '
                        "which transports does not name"
                    )
        return self
