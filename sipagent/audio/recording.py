"""Mixing the two sides of a call into one stereo stream: caller left, agent right."""

from __future__ import annotations

from collections import deque

import numpy as np

from .frames import Pcm, silence

CALLER, AGENT = 0, 1


class StereoMix:
    """Interleave two mono streams that run at the same rate.

    A side that fell behind by more than ``slack`` samples was silent, and is padded.
    """

    def __init__(self, slack: int = 8_000) -> None:
        self._slack = slack
        self._sides: tuple[deque[Pcm], deque[Pcm]] = (deque(), deque())
        self._waiting = [0, 0]

    def add(self, channel: int, pcm: Pcm) -> None:
        """Append ``pcm`` to one side: 0 caller, 1 agent."""
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
