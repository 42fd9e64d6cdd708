"""A caller without a telephone: the test answers, speaks, hears and hangs up for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from sipagent.audio.frames import FRAME_MS, Pcm, frame_samples, silence
from sipagent.audio.playout import Heard, Playout
from sipagent.audio.resample import resample
from sipagent.engine.leg import (
    CallerAudio,
    DigitReceived,
    FirstFramePlayed,
    ItemPlayed,
    LegAnswered,
    LegEnded,
    LegEvent,
)

from .speech import RATE_HZ


class FakeLeg:
    """One leg; what it plays is heard when the test says so.

    Attributes:
        commands: What was decided about it, in order.
        pcm: What was heard.
    """

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self.commands: list[tuple[str, object]] = []
        self.pcm: Pcm = silence(0)
        self.rate_hz = rate_hz
        self.pushed: dict[str, int] = {}
        """Milliseconds by item."""
        self._playout = Playout(rate_hz)
        self._announced = ""
        self._is_over = False

    @property
    def sip_headers(self) -> Sequence[tuple[str, str]]:
        return [("From", "<sip:+49301@example.org>")]

    # Of the engine.

    def answer(self) -> None:
        self.commands.append(("answer", None))

    def reject(self, status_code: int) -> None:
        self.commands.append(("reject", status_code))
        self.caller_gone()

    def refer(self, target_uri: str) -> None:
        self.commands.append(("refer", target_uri))

    def hang_up(self) -> None:
        self.commands.append(("hang_up", None))
        self.caller_gone()

    def push(self, item_id: str, pcm: Pcm) -> None:
        self.pushed[item_id] = self.pushed.get(item_id, 0) + len(pcm) * 1000 // self.rate_hz
        self._playout.push(item_id, pcm)

    def finish(self, item_id: str) -> None:
        self._playout.finish(item_id)
        self._tell_ended()

    def flush(self) -> list[Heard]:
        self._announced = ""
        return self._playout.flush()

    def heard(self, item_id: str) -> int:
        return self._playout.heard(item_id)

    # Of the test.

    def connected(self) -> None:
        """Let audio flow from here on."""
        self.events.put_nowait(LegAnswered(self.rate_hz))

    def speak(self, pcm: Pcm) -> None:
        """Say 8 kHz audio at once."""
        heard, size = resample(pcm, RATE_HZ, self.rate_hz), frame_samples(self.rate_hz)
        frames = [heard[start : start + size] for start in range(0, len(heard), size)]
        self.events.put_nowait(CallerAudio(frames))

    def press(self, digit: str) -> None:
        """Press a key."""
        self.events.put_nowait(DigitReceived(digit))

    def play(self, duration_ms: int) -> None:
        """Hear so much of what waits."""
        for _ in range(duration_ms // FRAME_MS):
            item_id = self._playout.current_item
            self.pcm = np.concatenate([self.pcm, self._playout.pull()])
            if item_id is not None and item_id != self._announced:
                self._announced = item_id
                self.events.put_nowait(FirstFramePlayed(item_id))
            self._tell_ended()

    def play_out(self) -> None:
        """Hear all that waits."""
        self.play(self._playout.queued_ms + FRAME_MS)

    def caller_gone(self) -> None:
        """End the leg."""
        if not self._is_over:
            self._is_over = True
            self.events.put_nowait(LegEnded())

    def _tell_ended(self) -> None:
        for each in self._playout.drain_finished():
            self.events.put_nowait(ItemPlayed(each))
