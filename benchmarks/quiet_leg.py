"""A caller who says nothing and hears everything at once in time, without a telephone.

Stands in for a SIP leg of the engine where only what is said about a call is of interest: its
audio is played by the clock and goes nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sipagent.audio.frames import Pcm
from sipagent.audio.playout import Heard
from sipagent.engine.leg import FirstFramePlayed, ItemPlayed, LegAnswered, LegEnded, LegEvent

RATE_HZ = 8_000


class QuietLeg:
    """One call.

    Args:
        number: Makes its addresses and its Call-ID.
        called: User part of To.
    """

    def __init__(self, number: int, *, called: str = "bench") -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self.sip_headers: Sequence[tuple[str, str]] = (
            ("From", f'"Caller {number}" <sip:+4930{number:07}@127.0.0.1>;tag={number}'),
            ("To", f"<sip:{called}@127.0.0.1>"),
            ("Call-ID", f"bench-{number}@127.0.0.1"),
        )
        self._loop = asyncio.get_running_loop()
        self._pushed_ms: dict[str, float] = {}
        self._heard_ms: dict[str, int] = {}
        self._free_at = 0.0
        self.referred_to: list[str] = []
        self.status_code = 0
        """It was rejected with."""

    def answer(self) -> None:
        """Take the call."""
        self.events.put_nowait(LegAnswered(RATE_HZ))

    def reject(self, status_code: int) -> None:
        """Do not take it."""
        self.status_code = status_code
        self.events.put_nowait(LegEnded(f"rejected with {status_code}"))

    def refer(self, target_uri: str) -> None:
        """Note whereto."""
        self.referred_to.append(target_uri)

    def hang_up(self) -> None:
        """End the call."""
        self.events.put_nowait(LegEnded("hung up"))

    def push(self, item_id: str, pcm: Pcm) -> None:
        """Take audio; what it begins is heard once what came before has been."""
        if item_id not in self._pushed_ms:
            self._pushed_ms[item_id] = 0.0
            self._free_at = max(self._free_at, self._loop.time())
            self._loop.call_at(self._free_at, self.events.put_nowait, FirstFramePlayed(item_id))
        duration_ms = len(pcm) * 1000 / RATE_HZ
        self._pushed_ms[item_id] += duration_ms
        self._free_at += duration_ms / 1000

    def finish(self, item_id: str) -> None:
        """Let an item end when all of it was heard."""
        self._loop.call_at(self._free_at, self._played, item_id)

    def flush(self) -> list[Heard]:
        """Return nothing: nobody interrupts."""
        return []

    def heard(self, item_id: str) -> int:
        """Return how many milliseconds were heard."""
        return self._heard_ms.get(item_id, 0)

    def _played(self, item_id: str) -> None:
        self._heard_ms[item_id] = round(self._pushed_ms.get(item_id, 0.0))
        self.events.put_nowait(ItemPlayed(item_id))
