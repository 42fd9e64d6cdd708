"""Where the speech model is, and what lets us in.

What lets us in (key, headers, query of an address) is in no text that is made here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

from sipagent.errors import ConfigError, SessionRejected

OPENAI_URL = "wss://api.openai.com/v1/realtime"

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""An append of 15 MiB is legal."""

USER_AGENT = "sipagent"

ApiKey: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or what makes one; it is asked for each connection and request, right before it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the speech model is, and how to get in.

    Raises:
        ConfigError: If options exclude each other, or have no meaning.
    """

    url: str = OPENAI_URL
    """What ``?model=`` or ``?call_id=`` is appended to."""
    model: str = ""
    api_key: ApiKey = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent instead of the bearer key when given."""
    handshake_timeout_s: float | None = 10.0
    """None: no limit; so for the others."""
    ping_interval_s: float | None = 20.0
    ping_timeout_s: float | None = 20.0
    realtime_call_id: str = ""
    """Of a phone call at the provider, to whose session this attaches; it has a model already."""
    verbatim_url: str = field(default="", repr=False)
    """A whole address; nothing is appended, and ``url``, model and call do not count."""
    subprotocols: Sequence[str] = field(default=(), repr=False)
    """Offered; ``openai-insecure-api-key.<key>`` is a way to get in, too."""
    max_size_bytes: int | None = MAX_MESSAGE_BYTES
    """Of one message."""

    def __post_init__(self) -> None:
        if self.realtime_call_id and self.model:
            raise ConfigError(
                "the session of a phone call has a model, so none can be asked for",
                where="realtime_call_id",
            )
        limits = ("handshake_timeout_s", "ping_interval_s", "ping_timeout_s", "max_size_bytes")
        for name in limits:
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ConfigError("must be more than 0, or None for no limit", where=name)
        if not all(_is_header_text(text) for text in (*self.headers, *self.headers.values())):
            raise ConfigError("must be printable ASCII", where="headers")

    @property
    def address(self) -> str:
        """What is opened."""
        if self.verbatim_url:
            return self.verbatim_url
        joint = "&" if "?" in self.url else "?"
        if self.realtime_call_id:
            return f"{self.url}{joint}call_id={quote(self.realtime_call_id, safe='')}"
        return f"{self.url}{joint}model={quote(self.model, safe='')}" if self.model else self.url

    @property
    def shown(self) -> str:
        """The address as it may be told: without user, password and query."""
        bare = re.split(r"[?#]", self.address, maxsplit=1)[0]
        return re.sub(r"^(\w+://)?[^/]*@", r"\1", bare)


async def entry_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers that let us in: the endpoint's own, or its key.

    Raises:
        SessionRejected: If there is no key.
    """
    if endpoint.headers:
        return dict(endpoint.headers)
    key = endpoint.api_key
    if callable(key):
        try:
            made = key()
            key = await made if inspect.isawaitable(made) else made
        except Exception as error:  # its text may have the key in it
            reason = type(error).__name__
            raise SessionRejected(f"{endpoint.shown}: no key could be had, {reason}") from None
    if not isinstance(key, str) or not _is_header_text(key.strip()):
        raise SessionRejected(f"{endpoint.shown}: what should be its key is none")
    return {"Authorization": f"Bearer {key.strip()}"} if key.strip() else {}


def _is_header_text(text: str) -> bool:
    return re.fullmatch(r"[\x20-\x7e]*", text) is not None
