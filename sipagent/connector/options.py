"""What the command line says about the connector, as settings or as one line that names the option.

Pure but for the file of the secret; the environment is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from sipagent.errors import ConfigError

from .settings import ConnectorSettings

SECRET_VARIABLE = "OPENAI_WEBHOOK_SECRET"
"""The one of those who take webhooks, too."""

_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})")

_OPTIONS = {
    "bind": "--sip-bind",
    "sip_port": "--sip",
    "rtp_ports": "--rtp-ports",
    "webhook_url": "--webhook-url",
    "webhook_secret": "the webhook secret",
    "ring_limit_s": "--ring-limit-s",
}


def connector_settings(
    *,
    sip_port: int | None,
    bind: str,
    rtp_ports: str,
    webhook_url: str,
    secret_file: Path | None,
    ring_limit_s: float,
    environment: Mapping[str, str],
) -> ConnectorSettings | None:
    """Return the settings, None when no SIP is wanted.

    Args:
        sip_port: None: no SIP; 0 takes a free one.
        bind: Address of SIP and RTP.
        rtp_ports: First and last, as ``34000-35999``.
        webhook_url: Empty: none was given.
        secret_file: Holds the secret; None: the environment does.
        ring_limit_s: How long a caller waits for a decision.
        environment: Of the process.

    Raises:
        ConfigError: If something is missing or makes no sense.
    """
    if sip_port is None:
        if webhook_url or secret_file:
            given = "--webhook-url" if webhook_url else "--webhook-secret-file"
            raise ConfigError("needs --sip: there are no calls to tell of", where=given)
        return None
    if not webhook_url:
        raise ConfigError("needs --webhook-url: who decides about calls", where="--sip")
    try:
        settings = ConnectorSettings.model_validate(
            {
                "bind": bind,
                "sip_port": sip_port,
                "rtp_ports": _ports(rtp_ports),
                "webhook_url": webhook_url,
                "webhook_secret": _secret(secret_file, environment),
                "ring_limit_s": ring_limit_s,
            }
        )
        settings.sip()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "rtp_ports"
        text = first["msg"].removeprefix("Value error, ")
        raise ConfigError(text, where=_OPTIONS[field]) from None
    return settings


def _ports(text: str) -> tuple[int, int]:
    match = _PORTS.fullmatch(text)
    if match is None:
        raise ConfigError("must be two port numbers, as 34000-35999", where="--rtp-ports")
    return int(match[1]), int(match[2])


def _secret(file: Path | None, environment: Mapping[str, str]) -> str:
    if file is None:
        secret = environment.get(SECRET_VARIABLE, "").strip()
        if not secret:
            ways = f"{SECRET_VARIABLE}, or --webhook-secret-file"
            raise ConfigError(f"needs a secret to sign webhooks with: {ways}", where="--sip")
        return secret
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=f"{file}") from None
