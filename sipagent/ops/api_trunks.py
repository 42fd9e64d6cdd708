"""What the API tells of trunks. Pure: a table by process and name."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from .channel import TrunkChanged
from .clock import shown_time


class Trunks:
    """The last that each process said of its trunks."""

    def __init__(self) -> None:
        self._last: dict[tuple[Hashable, str], TrunkChanged] = {}

    def changed(self, source: Hashable, message: TrunkChanged) -> None:
        """Take the state of a trunk."""
        self._last[source, message.state.name] = message

    def gone(self, source: Hashable) -> None:
        """Forget the trunks of a process that ended."""
        self._last = {key: each for key, each in self._last.items() if key[0] != source}

    def shown(self) -> list[dict[str, Any]]:
        """Return what the API says, by name."""
        ordered = sorted(self._last.values(), key=lambda each: each.state.name)
        return [_shown(each) for each in ordered]


def _shown(message: TrunkChanged) -> dict[str, Any]:
    state = message.state
    return {
        "name": state.name,
        "state": state.state.value,
        "status": state.status,
        "reason": state.reason,
        "expires_s": state.expires_s,
        "retry_in_s": state.retry_in_s,
        "told_at": shown_time(message.at),
    }
