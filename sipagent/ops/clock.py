"""The wall clock; nothing outside ``sipagent.ops`` reads it."""

from __future__ import annotations

from datetime import UTC, datetime


def local_time() -> datetime:
    """Return now, with the machine's time zone."""
    return datetime.now(UTC).astimezone()


def shown_time(unix_s: float) -> str:
    """Return Unix seconds as the API shows them."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")


def unix_time() -> float:
    """Return seconds since 1970, UTC."""
    return datetime.now(UTC).timestamp()
