"""Settings of what protects and reaches the line: ``[sip.tls]``, ``[sip.srtp]``, ``[sip.nat]``.

SIP over TLS RFC 3261 section 26.3.1 and RFC 5630; keys of SRTP in SDP (SDES) RFC 4568, and by a
handshake of DTLS RFC 5763; STUN RFC 5389; keep-alives RFC 5626 section 3.5.1.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .stun import server_address

Port = Annotated[int, Field(ge=0, le=65_535)]


def _stun_server(text: str) -> str:
    server_address(text)
    return text


class Table(BaseModel):
    """A table of ``[sip]``: closed, frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(Table):
    """``[sip.tls]``: in use when ``sip.transports`` names ``tls``."""

    port: Port = 5061
    """TCP port of SIP over TLS; 0 takes a free one."""
    certificate: str = ""
    """File of our certificate, PEM, with those between it and the root behind it."""
    key: str = ""
    """File of its private key, PEM, without a password."""
    ca: str = ""
    """File of the roots that peers are checked against, at most 50; empty: nobody is trusted."""
    verify_server: bool = True
    """Whether whom we call must have a certificate of a root for its name."""
    verify_client: bool = False
    """Whether who calls us must have a certificate of a root."""


class SrtpSettings(Table):
    """``[sip.srtp]``: whether audio is encrypted."""

    mode: Literal["off", "optional", "required"] = "off"
    """``optional``: as the peer wants it; ``required``: calls without it are refused with 488."""
    keying: Annotated[tuple[Literal["sdes", "dtls"], ...], Field(min_length=1)] = ("sdes",)
    """How keys are agreed on, best first; our offers have the first."""

    @property
    def has_dtls(self) -> bool:
        """Tell whether any call may be encrypted by DTLS."""
        return self.mode != "off" and "dtls" in self.keying


class NatSettings(Table):
    """``[sip.nat]``: how to be reached through an address translator."""

    stun_servers: tuple[Annotated[str, AfterValidator(_stun_server)], ...] = ()
    """``host`` or ``host:port``; the first answer is the public address, if none is given."""
    keep_alive_s: Annotated[int, Field(ge=0, le=3_600)] = 30
    """How often a silent connection or registration is kept open; 0: never."""
