"""Settings of the realtime endpoint: section ``[realtime]`` of the configuration."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from .endpoint import Endpoint

EMBEDDED = "embedded"


def _realtime_url(text: str) -> str:
    if text != EMBEDDED and not re.fullmatch(r"wss?://\S+", text):
        raise ValueError('must be "embedded" or a WebSocket URL, wss://… or ws://…')
    return text


class RealtimeSettings(BaseModel):
    """Where the speech model is, and how to get in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_realtime_url)] = EMBEDDED
    """``embedded``, or the WebSocket URL of an endpoint, without ``?model=``."""
    model: str = "gpt-realtime"
    """Sent in the URL and in the session; a dialplan may name another."""
    api_key: SecretStr = SecretStr("")
    """Bearer key; better in ``OPENAI_API_KEY`` or a file."""
    api_key_file: str = ""
    """File that holds the key and nothing else."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent instead of the bearer key, for endpoints that want others (``api-key``)."""
    handshake_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long the WebSocket handshake may take."""
    ping_interval_s: Annotated[float, Field(gt=0)] = 20.0
    """How often a silent connection is checked."""
    ping_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """How long an answer to a ping may take before the session counts as lost."""
    scripts: bool = False
    """Whether it is a ``sipagent engine``, whose prompts are the scripts beside the dialplans."""

    @property
    def has_scripts(self) -> bool:
        """Whether agents have the scripts of their plans for prompts."""
        return self.scripts or self.url == EMBEDDED

    def endpoint(self, url: str) -> Endpoint:
        """Return the endpoint at ``url``, which is ours unless that is the embedded engine."""
        return Endpoint(
            url=url,
            model=self.model,
            api_key=self.api_key.get_secret_value(),
            headers=self.headers,
            handshake_timeout_s=self.handshake_timeout_s,
            ping_interval_s=self.ping_interval_s,
            ping_timeout_s=self.ping_timeout_s,
        )
