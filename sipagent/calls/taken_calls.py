"""Which attached calls were decided on: each is, once, however often it is read of. Pure."""

from __future__ import annotations

from collections.abc import Collection

from .journal import JournalEntry

TOO_OLD_S = 600.0
"""No caller listens to the ringing for so long, and no provider lets it ring."""


class TakenCalls:
    """Remember calls until they are too old to be taken anyway."""

    def __init__(self) -> None:
        self._received_at: dict[str, float] = {}
        """Unix seconds of their webhooks, by the provider's ids."""

    def __len__(self) -> int:
        return len(self._received_at)

    def take(self, entry: JournalEntry) -> bool:
        """Tell whether nobody decided on a call; from now on somebody has."""
        is_new = entry.realtime_call_id not in self._received_at
        if is_new:
            self._received_at[entry.realtime_call_id] = entry.received_at
        return is_new

    def forget(self, unix_s: float, kept: Collection[str]) -> None:
        """Forget those that would be too old, but for ``kept``, by the provider's ids."""
        self._received_at = {
            realtime_call_id: received_at
            for realtime_call_id, received_at in self._received_at.items()
            if unix_s - received_at <= TOO_OLD_S or realtime_call_id in kept
        }
