"""Mixing the two sides of a call into one stereo stream: caller left, agent right."""

from __future__ import annotations

from collections import deque

import numpy as np

from .frames import Pcm, silence

CALLER, AGENT = 0, 1

GAP_SAMPLES = 800
"""One side that is this far behind the other has sent nothing meanwhile; less is a frame or two."""


class StereoMix:
    """Interleave two mono streams that run at the same rate, in the order in which they come.

    Nothing goes out while a call is held. So a side that has nothing for long is silent, and where
    it goes on is where the other one is by then.

    Args:
        slack: By how many samples a side may be behind before what the other has is handed out.
    """

    def __init__(self, slack: int = 8_000) -> None:
        self._slack = slack
        self._handed_out = 0
        self._sides: tuple[deque[Pcm], deque[Pcm]] = (deque(), deque())
        self._waiting = [0, 0]

    def add(self, channel: int, pcm: Pcm) -> None:
        """Append ``pcm`` to one side: 0 caller, 1 agent."""
        behind = self._waiting[1 - channel] - self._waiting[channel]
        if behind > GAP_SAMPLES:
            self._append(channel, silence(behind))
        self._append(channel, pcm)

    @property
    def position(self) -> int:
        """Samples up to the present."""
        return self._handed_out + max(self._waiting)

    @property
    def complete(self) -> int:
        """Samples up to where both sides are known: one may be a frame ahead of the other."""
        behind, ahead = min(self._waiting), max(self._waiting)
        return self._handed_out + (ahead if ahead - behind > GAP_SAMPLES else behind)

    def _append(self, channel: int, pcm: Pcm) -> None:
        self._sides[channel].append(pcm)
        self._waiting[channel] += len(pcm)

    def drain(self) -> Pcm:
        """Return what both sides have, interleaved, shape ``(2 * samples,)``."""
        behind = min(self._waiting)
        ahead = max(self._waiting)
        return self._take(max(behind, ahead - self._slack))

    def finish(self) -> Pcm:
        """Return all that is left, the shorter side padded with silence."""
        return self._take(max(self._waiting))

    def _take(self, samples: int) -> Pcm:
        self._handed_out += samples
        stereo = np.empty((samples, 2), np.int16)
        for channel in (CALLER, AGENT):
            stereo[:, channel] = self._side(channel, samples)
        return stereo.reshape(-1)

    def _side(self, channel: int, samples: int) -> Pcm:
        chunks = self._sides[channel]
        joined = np.concatenate(list(chunks)) if chunks else silence(0)
        chunks.clear()
        if len(joined) < samples:
            joined = np.concatenate([joined, silence(samples - len(joined))])
        rest = joined[samples:]
        if len(rest):
            chunks.append(rest)
        self._waiting[channel] = len(rest)
        return joined[:samples]
