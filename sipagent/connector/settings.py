"""Settings of the connector: where the engine answers the phone, and whom it tells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, field_validator

from sipagent.sip.security import Port
from sipagent.sip.settings import SipSettings
from sipagent.wire.webhook import secret_to_key

PORTS_PER_CALL = 4
"""RTP and RTCP, and as many that rest after a call (see ``SipSettings``)."""

MOST_CALLS = 32
"""What any build of PJSIP holds in one process."""


class ConnectorSettings(BaseModel):
    """Where SIP and RTP listen, and where webhooks go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bind: str = "127.0.0.1"
    """Address SIP and RTP are bound to."""
    sip_port: Port = 0
    """UDP and TCP port of SIP; 0 takes a free one."""
    rtp_ports: tuple[Port, Port] = (34_000, 35_999)
    """First and last UDP port of RTP and RTCP; the first is even."""
    codecs: Annotated[tuple[Literal["PCMU", "PCMA", "G722"], ...], Field(min_length=1)] = (
        "PCMU",
        "PCMA",
        "G722",
    )
    """What is taken of an offer."""
    webhook_url: HttpUrl
    """Who is told of a call, and decides about it."""
    webhook_secret: SecretStr
    """What webhooks are signed with; ``whsec_`` and base64, or any text."""
    ring_limit_s: Annotated[float, Field(gt=0)] = 30.0
    """How long a caller waits for a decision before hearing that nobody is there."""

    @field_validator("webhook_secret")
    @classmethod
    def _can_sign(cls, secret: SecretStr) -> SecretStr:
        secret_to_key(secret.get_secret_value())
        return secret

    @property
    def shown_url(self) -> str:
        """Where webhooks go, without what may be a password or a token."""
        url = self.webhook_url
        return f"{url.scheme}://{url.host}:{url.port}{url.path or ''}"

    def sip(self) -> SipSettings:
        """Return the settings of the SIP endpoint.

        Raises:
            ValidationError: If the RTP ports do not fit.
        """
        first, last = self.rtp_ports
        room = (last - first + 1) // PORTS_PER_CALL
        return SipSettings(
            bind=self.bind,
            port=self.sip_port,
            rtp_ports=self.rtp_ports,
            codecs=self.codecs,
            max_calls=max(1, min(MOST_CALLS, room)),
            user_agent="sipagent engine",
        )
