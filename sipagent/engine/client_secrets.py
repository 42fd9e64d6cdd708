"""Client secrets: keys that last minutes, each with the session it opens. Pure.

Realtime: ``POST /v1/realtime/client_secrets``.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from .checks import Json, mapping, one_of, whole
from .session_config import DEFAULT_MODEL, default_session, updated_session

PREFIX = "ek_"
DEFAULT_TTL_S = 600
LEAST_TTL_S, MOST_TTL_S = 10, 7_200

PROTOCOL_PREFIX = "openai-insecure-api-key."
"""Of the subprotocol by which browsers, which cannot send headers, tell their key."""


class UnknownSecretError(Exception):
    """A client secret was never issued, or is no longer valid."""


class ClientSecrets:
    """Issue secrets, and tell what sessions they open."""

    def __init__(self) -> None:
        self._updates: dict[str, tuple[int, Json]] = {}

    def issue(self, request: Any, *, now: int) -> Json:
        """Return the answer to a request for a secret.

        Args:
            request: Body of the request.
            now: Unix seconds.

        Raises:
            InvalidConfigError: If a field is wrong.
        """
        wanted = mapping(request, "body")
        expires_at = now + _ttl_s(wanted.get("expires_after"))
        update = mapping(wanted.get("session") or {"type": "realtime"}, "session")
        session = default_session(f"sess_{token_hex(10)}", DEFAULT_MODEL, expires_at)
        session = updated_session(session, update, has_spoken=False, takes_model=True)
        self._forget_expired(now)
        value = f"{PREFIX}{token_hex(16)}"
        self._updates[value] = expires_at, update
        return {"value": value, "expires_at": expires_at, "session": session}

    def update_of(self, key: str, *, now: int) -> Json | None:
        """Return what a key changes of a session: nothing, if it is no client secret.

        Raises:
            UnknownSecretError: If it is one that is not valid.
        """
        if not key.startswith(PREFIX):
            return None
        expires_at, update = self._updates.get(key, (0, {}))
        if now >= expires_at:
            raise UnknownSecretError
        return update

    def _forget_expired(self, now: int) -> None:
        self._updates = {
            value: (expires_at, update)
            for value, (expires_at, update) in self._updates.items()
            if now < expires_at
        }


def key_of(headers: Mapping[str, str], protocols: list[str]) -> str:
    """Return the key a client shows: in a header, or as a subprotocol."""
    for protocol in protocols:
        if protocol.startswith(PROTOCOL_PREFIX):
            return protocol.removeprefix(PROTOCOL_PREFIX)
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _ttl_s(value: Any) -> int:
    if value is None:
        return DEFAULT_TTL_S
    after = mapping(value, "expires_after")
    if after.get("anchor") is not None:
        one_of(after["anchor"], "expires_after.anchor", "created_at")
    seconds = after.get("seconds")
    if seconds is None:
        return DEFAULT_TTL_S
    return whole(seconds, "expires_after.seconds", LEAST_TTL_S, MOST_TTL_S)
