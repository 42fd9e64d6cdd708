"""The VAD of one session: caller audio in, turns out, and the audio of the turn kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from sipagent.audio.frames import Pcm

from .energy import EnergyGate
from .silero import CHUNK_SAMPLES, RATE_HZ, OverlappingSilero
from .turns import MOST_LOUD_MS, TurnDetector, TurnEnded, TurnSettings, TurnStarted

CHUNK_MS = CHUNK_SAMPLES * 1000 // RATE_HZ

FORGET_CHUNKS = 16
"""Half a second without anything loud: until something is, every chunk is a beginning again.

Forgetting once is not enough: seconds of line noise after it made one word in ten start a second
late, against 40 ms so.
"""


class SpeechStream:
    """Cut 8 kHz audio into turns.

    Args:
        settings: When speech starts and ends; None: never, the client commits.
    """

    def __init__(self, settings: TurnSettings | None) -> None:
        self._silero = OverlappingSilero()
        self._gate = EnergyGate(CHUNK_MS)
        self._rest: Pcm = np.zeros(0, np.int16)
        self._received = 0
        self._quiet = 0
        self._recent: deque[Pcm] = deque()
        self.configure(settings)

    @property
    def audio_ms(self) -> int:
        """Milliseconds received since the session began."""
        return self._received * 1000 // RATE_HZ

    def configure(self, settings: TurnSettings | None) -> None:
        """Take new settings; speech under way goes on under them."""
        was_speaking = getattr(self, "_detector", None) is not None and self.is_speaking
        self._detector = None if settings is None else TurnDetector(settings, CHUNK_MS)
        if self._detector is not None:
            self._detector.is_speaking = was_speaking
        kept_ms = 0 if settings is None else settings.prefix_padding_ms + MOST_LOUD_MS
        self._recent = deque(self._recent, maxlen=kept_ms // CHUNK_MS + 1)

    @property
    def is_speaking(self) -> bool:
        """Tell whether a turn is under way."""
        return self._detector is not None and self._detector.is_speaking

    def since(self, audio_start_ms: int) -> Pcm:
        """Return the audio from there to now, in whole chunks; there is where a turn started."""
        chunks = -(-(self.audio_ms - audio_start_ms) // CHUNK_MS)
        return np.concatenate(list(self._recent)[-chunks:])

    def stop(self) -> None:
        """Forget the turn under way."""
        if self._detector is not None:
            self._detector.stop()

    def feed(self, pcm: Pcm) -> Iterator[tuple[Pcm, TurnStarted | TurnEnded | None]]:
        """Take audio; yield its whole chunks, each with what it changed.

        A chunk is looked at when it is asked for, so that ``padding`` and ``is_speaking`` tell
        how things stood then, however much audio came at once.
        """
        joined = np.concatenate([self._rest, pcm])
        whole = len(joined) // CHUNK_SAMPLES * CHUNK_SAMPLES
        self._rest = joined[whole:]
        for chunk in joined[:whole].reshape(-1, CHUNK_SAMPLES):
            yield chunk, self._feed(chunk)

    def _feed(self, chunk: Pcm) -> TurnStarted | TurnEnded | None:
        self._received += len(chunk)
        self._recent.append(chunk)
        is_loud = self._gate.is_loud(chunk)
        self._quiet = 0 if is_loud else self._quiet + 1
        if self._quiet >= FORGET_CHUNKS:
            self._silero.forget()
        probability = self._silero.probability(chunk)
        if self._detector is None:
            return None
        return self._detector.feed(probability, is_loud, audio_ms=self.audio_ms)
