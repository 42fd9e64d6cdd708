"""Where an API is, and what lets us in.

What lets us in (key, headers, query of an address) is in no text that is made here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from sipagent.agents.callbacks import raised, settled
from sipagent.errors import ConfigError, ModelError

OPENAI_URL = "https://api.openai.com/v1"

USER_AGENT = "sipagent"

WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}

ApiKey: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or what makes one; it is asked before each attempt at a request."""

ENTRY_HEADERS = frozenset({"authorization", "api-key"})


@dataclass(frozen=True, slots=True)
class ModelEndpoint:
    """An API that has models.

    Raises:
        ConfigError: If it cannot be one.
    """

    base_url: str = field(default=OPENAI_URL, repr=False)
    """What paths such as ``/responses`` are appended to; its query, if it has one, stays."""
    api_key: ApiKey = field(default="", repr=False)
    """``""``: none is sent."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent as well; ``Authorization`` or ``api-key`` (Azure) among them replaces the key."""
    websocket_base_url: str = field(default="", repr=False)
    """Of WebSockets; ``""``: ``base_url`` with ``ws`` for ``http``."""

    def __post_init__(self) -> None:
        _check_url("base_url", self.base_url, ("http", "https"))
        if self.websocket_base_url:
            _check_url("websocket_base_url", self.websocket_base_url, ("ws", "wss"))
        if not all(_is_header_text(text) for pair in self.headers.items() for text in pair):
            raise ConfigError("must be printable ASCII", where="headers")

    def http_url(self, path: str) -> str:
        """Return the address of ``path``, such as ``responses``."""
        return _under(urlsplit(self.base_url), path)

    def websocket_url(self, path: str) -> str:
        """Return the address of WebSockets at ``path``."""
        if self.websocket_base_url:
            return _under(urlsplit(self.websocket_base_url), path)
        base = urlsplit(self.base_url)
        return _under(base._replace(scheme=WEBSOCKET_SCHEMES[base.scheme]), path)

    async def entry_headers(self) -> dict[str, str]:
        """Return what lets us in, and who we are.

        Raises:
            ModelError: If there is no key where one should be.
        """
        headers = {"User-Agent": USER_AGENT, **self.headers}
        if ENTRY_HEADERS.isdisjoint(name.lower() for name in self.headers):
            key = await self._key()
            headers |= {"Authorization": f"Bearer {key}"} if key else {}
        return headers

    def secrets(self, headers: Mapping[str, str]) -> list[str]:
        """Return what must be in no error: keys, and values of ``headers`` and of queries."""
        told = [value for name, value in headers.items() if name != "User-Agent"]
        queries = [urlsplit(url).query for url in (self.base_url, self.websocket_base_url)]
        queried = [value for query in queries for _, value in parse_qsl(query)]
        return [*told, *(value.removeprefix("Bearer ") for value in told), *queried]

    async def _key(self) -> str:
        try:
            key = await settled(self.api_key() if callable(self.api_key) else self.api_key)
        except BaseException as error:  # its text may have the key in it
            reason = type(raised(error)).__name__
            raise ModelError(f"{shown(self.base_url)}: no key could be had, {reason}") from None
        if not isinstance(key, str) or not _is_header_text(key.strip()):
            raise ModelError(f"{shown(self.base_url)}: what should be its key is none")
        return key.strip()


def shown(url: str) -> str:
    """Return an address as it may be told: without its query."""
    return re.split(r"[?#]", url, maxsplit=1)[0]


def _check_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    expected = f"must be a URL, {schemes[1]}://… or {schemes[0]}://…, without user and password"
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or "@" in parts.netloc or not re.fullmatch(r"[\x21-\x7e]+", url):
        raise ConfigError(expected, where=name)


def _under(base: SplitResult, path: str) -> str:
    return urlunsplit(base._replace(path=f"{base.path.rstrip('/')}/{path}", fragment=""))


def _is_header_text(text: str) -> bool:
    return re.fullmatch(r"[\x20-\x7e]*", text) is not None
