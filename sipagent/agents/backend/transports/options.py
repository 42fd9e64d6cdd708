"""How long a model may take, and how often it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """Limits of every request; those that may be None have no limit then.

    Raises:
        ConfigError: If one has no meaning.
    """

    connect_timeout_s: float = 10.0
    """For a connection, and for the handshake of a WebSocket."""
    silence_timeout_s: float | None = 120.0
    """Between two pieces of an HTTP answer; a WebSocket has pings."""
    timeout_s: float | None = 600.0
    """For a whole response, all attempts at it included."""
    max_retries: int = 2
    """Before anything of the response came."""
    longest_retry_after_s: float = 10.0
    """An endpoint that wants to be left alone for longer is not asked again."""
    ping_interval_s: float | None = 20.0
    ping_timeout_s: float | None = 20.0

    def __post_init__(self) -> None:
        for name in (
            "connect_timeout_s",
            "silence_timeout_s",
            "timeout_s",
            "ping_interval_s",
            "ping_timeout_s",
        ):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ConfigError("must be more than 0, or None for no limit", where=name)
        for name in ("max_retries", "longest_retry_after_s"):
            if getattr(self, name) < 0:
                raise ConfigError("must not be less than 0", where=name)
