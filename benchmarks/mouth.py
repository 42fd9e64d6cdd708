"""What a caller sends: silence, and now and then a sentence; payloads of PCMU, 20 ms each."""

from __future__ import annotations

from collections import deque

import numpy as np

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.g711 import pcm_to_pcmu

from .marks import PACKET_SAMPLES, quiet


class Mouth:
    """A source of packets that never ends."""

    def __init__(self) -> None:
        self._payloads: deque[bytes] = deque()

    def __iter__(self) -> Mouth:
        return self

    def __next__(self) -> bytes:
        """Return the next packet's payload."""
        return self._payloads.popleft() if self._payloads else quiet(0)

    def say(self, pcm: Pcm) -> None:
        """Send ``pcm`` at 8 kHz, after what is being said."""
        padded = np.concatenate([pcm, silence(-len(pcm) % PACKET_SAMPLES)])
        encoded = pcm_to_pcmu(padded)
        starts = range(0, len(encoded), PACKET_SAMPLES)
        self._payloads.extend(encoded[at : at + PACKET_SAMPLES] for at in starts)
